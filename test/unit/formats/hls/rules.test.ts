/** Our own playlists keep every rule, and each rule can tell when they do not. */
import { expect, it } from 'vitest'
import { renderMediaPlaylist } from '../../../../src/formats/hls/media-playlist.ts'
import { renderMultivariantPlaylist } from '../../../../src/formats/hls/multivariant-playlist.ts'
import { findFaults, RULES } from '../../../support/hls/find-faults.ts'
import type { Presentation } from '../../../support/hls/presentation.ts'

const segments = [0, 1, 2].map((number) => ({
  uri: `${number}.m4s`,
  duration: 2,
  map: number === 2 ? 'init-1.mp4' : 'init-0.mp4',
  discontinuity: number === 2,
}))
const keyframes = segments.map((segment) => ({ ...segment, range: { offset: 88, bytes: 20_000 } }))
const audio = {
  name: 'Audio',
  codecs: 'mp4a.40.2',
  channels: 2,
  bandwidth: 128_000,
  averageBandwidth: 128_000,
}
const variant = { codecs: 'avc1.64001f', width: 1280, height: 720, frameRate: 30 }
const good: Presentation = {
  multivariant: renderMultivariantPlaylist({
    variants: [
      { ...variant, uri: 'original/index.m3u8', bandwidth: 2_000_000, averageBandwidth: 2_000_000 },
      {
        ...{ uri: '240p/index.m3u8', codecs: 'avc1.640015', width: 426, height: 240, frameRate: 29.97 },
        ...{ bandwidth: 400_000, averageBandwidth: 300_000 },
      },
    ],
    iFrames: [{ ...variant, uri: 'original/iframes.m3u8', bandwidth: 80_000, averageBandwidth: 80_000 }],
    sounds: [
      { ...audio, uri: 'audio/index.m3u8' },
      { ...audio, uri: 'audio-2/index.m3u8', name: 'Deutsch', language: 'de' },
    ],
  }),
  media: {
    ...Object.fromEntries(
      ['original', '240p', 'audio', 'audio-2'].map((name) => [
        `${name}/index.m3u8`,
        renderMediaPlaylist({ segments, ended: true }),
      ]),
    ),
    'original/iframes.m3u8': renderMediaPlaylist({ segments: keyframes, ended: true, iFramesOnly: true }),
  },
  sizes: {
    'original/index.m3u8': [500_000, 500_000, 500_000],
    'original/iframes.m3u8': [500_000, 500_000, 500_000],
    '240p/index.m3u8': [100_000, 50_000, 75_000],
    'audio/index.m3u8': [32_000, 32_000, 32_000],
    'audio-2/index.m3u8': [32_000, 32_000, 32_000],
  },
  scrubbed: true,
}

it('what is rendered keeps every rule', () => {
  expect(findFaults(good)).toEqual([])
})

const inMultivariant =
  (from: string | RegExp, to: string) =>
  (presentation: Presentation): Presentation => ({
    ...presentation,
    multivariant: presentation.multivariant.replace(from, to),
  })
const inMedia =
  (uri: string, from: string | RegExp, to: string) =>
  (presentation: Presentation): Presentation => ({
    ...presentation,
    media: { ...presentation.media, [uri]: (presentation.media[uri] ?? '').replace(from, to) },
  })
const ORIGINAL = 'original/index.m3u8'
const I_FRAMES = 'original/iframes.m3u8'

/** For each rule, ways to break it, and what else breaks with it, if anything. */
const broken: Readonly<Record<string, readonly ((presentation: Presentation) => Presentation)[]>> = {
  'RFC 8216 §4.1': [
    inMultivariant(/$/, '\u0007'),
    inMultivariant('#EXTM3U\n', '#EXTM3U\n#EXT-X-ENDLIST\n'),
    inMedia(ORIGINAL, /\n$/, ''),
  ],
  'RFC 8216 §4.2': [
    inMultivariant('DEFAULT=NO', 'DEFAULT=NO,DEFAULT=NO'),
    inMultivariant('NAME="Deutsch"', 'NAME=Deutsch and more'),
    inMedia(ORIGINAL, 'URI="init-0.mp4"', 'URI="init-0.mp4'),
  ],
  'RFC 8216 §4.3.1.1': [inMultivariant('#EXTM3U\n', ''), inMedia(I_FRAMES, '#EXTM3U', '# EXTM3U')],
  'RFC 8216 §4.3.1.2 and §7': [
    inMedia(ORIGINAL, 'VERSION:7', 'VERSION:5'),
    inMedia(I_FRAMES, 'VERSION:7', 'VERSION:4'),
    inMedia(ORIGINAL, '#EXT-X-VERSION:7\n', '#EXT-X-VERSION:7\n#EXT-X-VERSION:7\n'),
  ],
  'RFC 8216 §4.3.2.1': [inMedia('audio/index.m3u8', '#EXTINF:2.000,\n', '')],
  'RFC 8216 §4.3.2.3': [inMedia('audio/index.m3u8', '#EXT-X-DISCONTINUITY\n', '')],
  'RFC 8216 §4.3.2.5': [inMedia(ORIGINAL, '#EXT-X-MAP:URI="init-0.mp4"\n', '')],
  'RFC 8216 §4.3.3.1': [
    inMedia('audio/index.m3u8', '#EXTINF:2.000,', '#EXTINF:2.500,'),
    inMedia('audio/index.m3u8', '#EXT-X-TARGETDURATION:2\n', ''),
    inMedia('audio/index.m3u8', 'TARGETDURATION:2', 'TARGETDURATION:2.5'),
  ],
  'RFC 8216 §4.3.3.2': [
    inMedia(ORIGINAL, '#EXT-X-MEDIA-SEQUENCE:0\n', ''),
    inMedia(ORIGINAL, /$/, '#EXT-X-MEDIA-SEQUENCE:0\n'),
  ],
  'RFC 8216 §4.3.3.5': [
    inMedia(ORIGINAL, '#EXT-X-PLAYLIST-TYPE:VOD\n', ''),
    inMedia('audio/index.m3u8', '#EXT-X-ENDLIST\n', ''),
  ],
  'RFC 8216 §4.3.3.6': [
    inMedia(I_FRAMES, '#EXT-X-I-FRAMES-ONLY\n', ''),
    inMedia(ORIGINAL, '#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-I-FRAMES-ONLY'),
    inMedia(I_FRAMES, '#EXT-X-BYTERANGE:20000@88\n1.m4s', '#EXT-X-BYTERANGE:20000\n1.m4s'),
    inMedia(I_FRAMES, '1.m4s', '0.m4s'),
  ],
  'RFC 8216 §4.3.4.1': [
    inMultivariant('NAME="Audio",', ''),
    inMultivariant('URI="audio-2/index.m3u8"', 'CHARACTERISTICS="x"'),
    inMultivariant('DEFAULT=YES,AUTOSELECT=YES', 'DEFAULT=YES,AUTOSELECT=NO'),
  ],
  'RFC 8216 §4.3.4.1.1': [
    inMultivariant('NAME="Deutsch"', 'NAME="Audio"'),
    inMultivariant('DEFAULT=NO', 'DEFAULT=YES'),
  ],
  'RFC 8216 §4.3.4.2': [
    inMultivariant('240p/index.m3u8\n', ''),
    inMultivariant('BANDWIDTH=2128000,', ''),
    inMultivariant('AUDIO="audio"', 'AUDIO="other"'),
  ],
  'RFC 8216 §4.3.4.2 BANDWIDTH': [
    inMultivariant('BANDWIDTH=2128000', 'BANDWIDTH=2500000'),
    inMultivariant('I-FRAME-STREAM-INF:BANDWIDTH=80000', 'I-FRAME-STREAM-INF:BANDWIDTH=100000'),
    // Its sound was forgotten.
    inMultivariant('BANDWIDTH=528000', 'BANDWIDTH=428000'),
  ],
  'RFC 8216 §4.3.4.3': [
    inMultivariant(',URI="original/iframes.m3u8"', ',FRAME-RATE=1.000,URI="original/iframes.m3u8"'),
    inMultivariant('I-FRAME-STREAM-INF:BANDWIDTH=80000,', 'I-FRAME-STREAM-INF:'),
  ],
  'RFC 8216 §6.2.1': [
    (presentation) => ({
      ...presentation,
      media: Object.fromEntries(
        Object.entries(presentation.media).filter(([uri]) => uri !== 'audio-2/index.m3u8'),
      ),
    }),
  ],
  'RFC 8216 §6.2.4': [
    inMedia('240p/index.m3u8', '#EXTINF:2.000,', '#EXTINF:1.960,'),
    inMedia('240p/index.m3u8', 'TARGETDURATION:2', 'TARGETDURATION:4'),
    inMedia('240p/index.m3u8', '#EXTINF:2.000,\n2.m4s\n', ''),
  ],
  'Apple HLS Authoring, trick play: I-frame playlists': [inMultivariant(/#EXT-X-I-FRAME.*\n/, '')],
  'RFC 8216bis §4.4.4.2 EXT-X-BYTERANGE': [inMedia(I_FRAMES, '20000@88', '20000@480001')],
  'Apple HLS Authoring, multivariant playlist: CODECS': [
    inMultivariant('CODECS="avc1.64001f,mp4a.40.2",', ''),
    inMultivariant('CODECS="avc1.640015,mp4a.40.2"', 'CODECS="avc1.640015"'),
    inMultivariant('CODECS="avc1.640015,mp4a.40.2"', 'CODECS="h264,aac"'),
  ],
  'Apple HLS Authoring, multivariant playlist: AVERAGE-BANDWIDTH': [
    inMultivariant(',AVERAGE-BANDWIDTH=2128000', ''),
    inMultivariant('AVERAGE-BANDWIDTH=428000', 'AVERAGE-BANDWIDTH=529000'),
    inMultivariant('AVERAGE-BANDWIDTH=428000', 'AVERAGE-BANDWIDTH=300000'),
  ],
  'Apple HLS Authoring, multivariant playlist: RESOLUTION and FRAME-RATE': [
    inMultivariant('RESOLUTION=426x240,', ''),
    inMultivariant('FRAME-RATE=29.970', 'FRAME-RATE=29.97'),
    inMultivariant(',FRAME-RATE=30.000', ''),
  ],
  'Apple HLS Authoring, multivariant playlist: EXT-X-INDEPENDENT-SEGMENTS': [
    inMultivariant('#EXT-X-INDEPENDENT-SEGMENTS\n', ''),
  ],
  'Apple HLS Authoring, audio: CHANNELS': [inMultivariant('CHANNELS="2",', '')],
  'ITU-T H.264 Table A-1': [
    inMultivariant('RESOLUTION=426x240', 'RESOLUTION=854x480'),
    inMultivariant('FRAME-RATE=30.000', 'FRAME-RATE=60.000'),
  ],
}

it.each(RULES.map(({ id, says }) => [id, says] as const))('%s: %s', (id) => {
  const ways = broken[id] ?? []
  expect(ways.length).toBeGreaterThan(0)
  for (const breakIt of ways) {
    const presentation = breakIt(good)
    expect(presentation).not.toEqual(good)
    expect(findFaults(presentation).filter((fault) => fault.startsWith(`${id}: `))).not.toEqual([])
  }
})
