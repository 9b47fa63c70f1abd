import { describe, expect, it } from 'vitest'
import { renderMultivariantPlaylist } from '../../../../src/formats/hls/multivariant-playlist.ts'

const audio = {
  uri: 'audio/index.m3u8',
  name: 'Audio',
  codecs: 'mp4a.40.2',
  channels: 2,
  bandwidth: 128_000,
  averageBandwidth: 126_000,
}

describe('the multivariant playlist', () => {
  it('has every rendition, each with the shared audio counted in', () => {
    expect(
      renderMultivariantPlaylist({
        sounds: [audio],
        variants: [
          {
            uri: 'original/index.m3u8',
            codecs: 'avc1.64001f',
            bandwidth: 3_000_000.2,
            averageBandwidth: 2_500_000,
            width: 1280,
            height: 720,
            frameRate: 30,
            name: '720p',
          },
          {
            uri: '480p/index.m3u8',
            codecs: 'avc1.64001e',
            bandwidth: 1_000_000,
            width: 854,
            height: 480,
            frameRate: 29.97,
          },
        ],
      }),
    ).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3128001,AVERAGE-BANDWIDTH=2626000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="audio",NAME="720p"
original/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1128000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=854x480,FRAME-RATE=29.970,AUDIO="audio"
480p/index.m3u8
`)
  })

  it('says where to begin, a whole second too early rather than late', () => {
    const variants = [{ uri: 'a', bandwidth: 1 }]
    expect(renderMultivariantPlaylist({ variants, startBeforeEnd: 12.01 })).toContain(
      '\n#EXT-X-START:TIME-OFFSET=-13\n',
    )
    expect(renderMultivariantPlaylist({ variants })).not.toContain('EXT-X-START')
  })

  it('of silent video names no audio', () => {
    expect(
      renderMultivariantPlaylist({ variants: [{ uri: 'v.m3u8', codecs: 'avc1.42c01f', bandwidth: 1000 }] }),
    ).toBe(
      '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.42c01f"\nv.m3u8\n',
    )
  })

  it('of audio alone is one variant without a group', () => {
    expect(renderMultivariantPlaylist({ variants: [], sounds: [audio] })).toBe(
      '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=126000,CODECS="mp4a.40.2"\naudio/index.m3u8\n',
    )
  })

  const german = { ...audio, uri: 'audio-2/index.m3u8', name: 'Deutsch', language: 'de', channels: 1 }

  it('has every sound to choose from, and says what the largest needs', () => {
    const text = renderMultivariantPlaylist({
      variants: [{ uri: 'v.m3u8', codecs: 'avc1.42c01f', bandwidth: 1000, averageBandwidth: 900 }],
      sounds: [audio, { ...german, bandwidth: 200_000, codecs: 'mp4a.40.5' }],
    })
    expect(text.split('\n').slice(3)).toEqual([
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="1",URI="audio-2/index.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=201000,AVERAGE-BANDWIDTH=126900,CODECS="avc1.42c01f,mp4a.40.2,mp4a.40.5",AUDIO="audio"',
      'v.m3u8',
      '',
    ])
  })

  it('has the sound as a variant of its own when that is wanted, after those with pictures', () => {
    const text = renderMultivariantPlaylist({
      variants: [{ uri: 'v.m3u8', codecs: 'avc1.42c01f', bandwidth: 1000 }],
      sounds: [audio],
      soundAlone: true,
    })
    expect(text.split('\n').slice(-5)).toEqual([
      '#EXT-X-STREAM-INF:BANDWIDTH=129000,CODECS="avc1.42c01f,mp4a.40.2",AUDIO="audio"',
      'v.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=126000,CODECS="mp4a.40.2",AUDIO="audio"',
      'audio/index.m3u8',
      '',
    ])
  })

  it('of several sounds and no pictures is the first of them, in a group', () => {
    const lines = renderMultivariantPlaylist({ variants: [], sounds: [audio, german] }).split('\n')
    expect(lines.filter((line) => line.startsWith('#EXT-X-MEDIA'))).toHaveLength(2)
    expect(lines.slice(-3)).toEqual([
      '#EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=126000,CODECS="mp4a.40.2",AUDIO="audio"',
      'audio/index.m3u8',
      '',
    ])
  })

  it('lets no text break out of its quotes or its line', () => {
    const text = renderMultivariantPlaylist({
      variants: [],
      sounds: [{ ...audio, codecs: 'a"b\nc', uri: 'x\n#EXT-X-ENDLIST' }],
    })
    expect(text).toContain(`CODECS="a'b c"`)
    expect(text.split('\n')).toHaveLength(6)
  })
})
