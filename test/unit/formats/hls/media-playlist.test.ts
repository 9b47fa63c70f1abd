import { describe, expect, it } from 'vitest'
import { renderMediaPlaylist } from '../../../../src/formats/hls/media-playlist.ts'

const segment = (number: number, duration: number, map = 'init-0.mp4') => ({
  uri: `${number}.m4s`,
  duration,
  map,
})

describe('a media playlist', () => {
  it('of a recording that has ended says so and names the init once', () => {
    expect(
      renderMediaPlaylist({ segments: [segment(0, 2), segment(1, 2.002), segment(2, 0.5)], ended: true }),
    ).toBe(
      `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:3
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init-0.mp4"
#EXTINF:2.000,
0.m4s
#EXTINF:2.002,
1.m4s
#EXTINF:0.500,
2.m4s
#EXT-X-ENDLIST
`,
    )
  })

  it('that grows is an EVENT without an end, and is valid while it is empty', () => {
    expect(renderMediaPlaylist({ segments: [], ended: false, targetDuration: 6 })).toBe(
      `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
`,
    )
  })

  it('shows interruptions, new configurations and gaps', () => {
    const text = renderMediaPlaylist({
      segments: [
        segment(0, 2),
        { ...segment(1, 2), discontinuity: true },
        { ...segment(2, 2, 'init-1.mp4'), discontinuity: true },
        { ...segment(3, 1.9999999, 'init-1.mp4'), gap: true },
      ],
      ended: false,
    })
    expect(text.split('\n').slice(2)).toEqual([
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-PLAYLIST-TYPE:EVENT',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-MAP:URI="init-0.mp4"',
      '#EXTINF:2.000,',
      '0.m4s',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="init-0.mp4"',
      '#EXTINF:2.000,',
      '1.m4s',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="init-1.mp4"',
      '#EXTINF:2.000,',
      '2.m4s',
      '#EXT-X-GAP',
      '#EXTINF:2.000,',
      '3.m4s',
      '',
    ])
  })
})
