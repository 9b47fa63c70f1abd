/** Rules of the multivariant playlist, and of what it names together. */
import { measuredRates, soundUris } from './measured-rates.ts'
import { hasTag, type ReadPlaylist, tagsNamed, unquote } from './playlist-text.ts'
import type { ReadPresentation, Rule, Stream } from './presentation.ts'

const eachVariant =
  (of: (stream: Stream, read: ReadPresentation) => string | undefined | false) => (read: ReadPresentation) =>
    read.streams.flatMap((stream) => {
      const fault = !stream.iFrames && of(stream, read)
      return fault ? [`line ${stream.line}: ${fault}`] : []
    })

const number = (stream: Stream, name: string) => Number(stream.attributes.get(name) ?? 'NaN')
const codecsOf = (stream: Stream) => (unquote(stream.attributes.get('CODECS')) ?? '').split(',')
const isVideo = (codec: string) => /^(avc|hvc|hev|av01|vp0)/.test(codec)
const hasVideo = (stream: Stream) => codecsOf(stream).some(isVideo)

/** Of H.264: level_idc, macroblocks a frame and a second. ITU-T H.264 (08/2021) Table A-1 */
const LEVELS: readonly (readonly [number, number, number])[] = [
  [10, 99, 1_485],
  [11, 396, 3_000],
  [12, 396, 6_000],
  [13, 396, 11_880],
  [20, 396, 11_880],
  [21, 792, 19_800],
  [22, 1_620, 20_250],
  [30, 1_620, 40_500],
  [31, 3_600, 108_000],
  [32, 5_120, 216_000],
  [40, 8_192, 245_760],
  [41, 8_192, 245_760],
  [42, 8_704, 522_240],
  [50, 22_080, 589_824],
  [51, 36_864, 983_040],
  [52, 36_864, 2_073_600],
  [62, 139_264, 16_711_680],
]
const near = (told: number, real: number) => Math.abs(told / real - 1) <= 0.1

export const MULTIVARIANT_RULES: readonly Rule[] = [
  {
    id: 'RFC 8216 §4.3.4.1',
    says: 'a rendition has TYPE, GROUP-ID and NAME, an address, and AUTOSELECT when it is the default',
    faults: ({ groups }) =>
      groups.flatMap(({ attributes, line }) => [
        ...['TYPE', 'GROUP-ID', 'NAME', 'URI']
          .filter((name) => !attributes.has(name))
          .map((name) => `line ${line}: no ${name}`),
        ...(attributes.get('DEFAULT') === 'YES' && attributes.get('AUTOSELECT') !== 'YES'
          ? [`line ${line}: default, and not to be selected`]
          : []),
      ]),
  },
  {
    id: 'RFC 8216 §4.3.4.1.1',
    says: 'in a group names differ, and one at most is the default',
    faults: ({ groups }) => {
      const ids = new Set(groups.map(({ attributes }) => attributes.get('GROUP-ID')))
      return [...ids].flatMap((id) => {
        const members = groups.filter(({ attributes }) => attributes.get('GROUP-ID') === id)
        const names = members.map(({ attributes }) => attributes.get('NAME'))
        const defaults = members.filter(({ attributes }) => attributes.get('DEFAULT') === 'YES')
        return [
          ...(new Set(names).size < names.length ? [`${id}: a name twice`] : []),
          ...(defaults.length > 1 ? [`${id}: ${defaults.length} defaults`] : []),
        ]
      })
    },
  },
  {
    id: 'RFC 8216 §4.3.4.2',
    says: 'a variant has BANDWIDTH, an address behind it, and the groups it names',
    faults: eachVariant((stream, { groups }) => {
      if (stream.uri === '') return 'no address'
      if (!(number(stream, 'BANDWIDTH') > 0)) return 'no BANDWIDTH'
      const group = stream.attributes.get('AUDIO')
      return group !== undefined && !groups.some(({ attributes }) => attributes.get('GROUP-ID') === group)
        ? `no group ${group}`
        : undefined
    }),
  },
  {
    id: 'RFC 8216 §4.3.4.2 BANDWIDTH',
    says: 'what is made is measured: the peak over segments with the largest sound, told to within a tenth',
    faults: (read) =>
      read.streams.flatMap((stream) => {
        const real = measuredRates(read, stream)
        const told = number(stream, 'BANDWIDTH')
        return real && !near(told, real.peak)
          ? [`${stream.uri}: ${told} told, ${Math.ceil(real.peak)} measured`]
          : []
      }),
  },
  {
    id: 'RFC 8216 §4.3.4.3',
    says: 'a variant of keyframes has BANDWIDTH, CODECS and URI, and neither rate nor sound',
    faults: ({ streams }) =>
      streams
        .filter(({ iFrames }) => iFrames)
        .flatMap(({ attributes, line }) => [
          ...['BANDWIDTH', 'CODECS', 'URI']
            .filter((name) => !attributes.has(name))
            .map((name) => `line ${line}: no ${name}`),
          ...['FRAME-RATE', 'AUDIO', 'SUBTITLES', 'CLOSED-CAPTIONS']
            .filter((name) => attributes.has(name))
            .map((name) => `line ${line}: ${name}`),
        ]),
  },
  {
    id: 'RFC 8216 §6.2.1',
    says: 'what a playlist names is there',
    faults: ({ streams, groups, media }) =>
      [
        ...streams.map(({ uri }) => uri),
        ...groups.map(({ attributes }) => unquote(attributes.get('URI')) ?? ''),
      ]
        .filter((uri) => uri !== '' && !media.has(uri))
        .map((uri) => `${uri} is missing`),
  },
  {
    id: 'RFC 8216 §6.2.4',
    says: 'variants have the same target duration, segments and discontinuities in the same places',
    faults: ({ streams, media }) => {
      const playlists = streams.flatMap(({ uri, iFrames }) => {
        const playlist = media.get(uri)
        return playlist && !iFrames ? [[uri, playlist] as const] : []
      })
      const first = playlists[0]?.[1]
      const shape = (playlist: ReadPlaylist, count: number) =>
        JSON.stringify([
          tagsNamed(playlist, 'EXT-X-TARGETDURATION')[0]?.value,
          playlist.segments.slice(0, count).map(({ duration, discontinuity }) => [duration, discontinuity]),
        ])
      return playlists.flatMap(([uri, playlist]) => {
        // One may have been read a moment after the other.
        const growing = !hasTag(playlist, 'EXT-X-ENDLIST')
        const counts = [playlist.segments.length, first?.segments.length ?? 0]
        const count = growing ? Math.min(...counts) : Math.max(...counts)
        return first && shape(first, count) !== shape(playlist, count) ? [`${uri} is cut otherwise`] : []
      })
    },
  },
  {
    id: 'Apple HLS Authoring, trick play: I-frame playlists',
    says: 'what has pictures can be scrubbed through',
    faults: ({ whole, streams }) =>
      whole.scrubbed && streams.some(hasVideo) && !streams.some(({ iFrames }) => iFrames)
        ? ['no EXT-X-I-FRAME-STREAM-INF']
        : [],
  },
  {
    id: 'Apple HLS Authoring, multivariant playlist: CODECS',
    says: 'every variant says in what it is coded, its sound included',
    faults: (read) =>
      eachVariant((stream) => {
        const codecs = codecsOf(stream)
        if (
          !codecs.every((codec) =>
            /^(avc1\.[0-9a-f]{6}|hvc1\.[\w.]+|av01\.[\w.]+|vp09\.[\w.]+|mp4a\.[\d.]+|opus|Opus|ac-3|ec-3|fLaC)$/i.test(
              codec,
            ),
          )
        )
          return `CODECS ${codecs.join(',')}`
        const heard = soundUris(read, stream).length > 0
        return heard && codecs.every(isVideo) ? 'its sound is not in CODECS' : undefined
      })(read),
  },
  {
    id: 'Apple HLS Authoring, multivariant playlist: AVERAGE-BANDWIDTH',
    says: 'every variant tells its average, no higher than its peak, and to within a tenth once it is made',
    faults: (read) =>
      read.streams.flatMap((stream) => {
        const average = number(stream, 'AVERAGE-BANDWIDTH')
        const real = measuredRates(read, stream)
        if (!(average > 0) || average > number(stream, 'BANDWIDTH'))
          return [`${stream.uri}: average ${average}`]
        return real && !near(average, real.average)
          ? [`${stream.uri}: average ${average} told, ${Math.ceil(real.average)} measured`]
          : []
      }),
  },
  {
    id: 'Apple HLS Authoring, multivariant playlist: RESOLUTION and FRAME-RATE',
    says: 'pictures have an even size and at most 60 frames a second, to three places',
    faults: (read) =>
      eachVariant((stream) => {
        if (!hasVideo(stream)) return undefined
        const rate = stream.attributes.get('FRAME-RATE') ?? ''
        if (!/^\d+x\d+$/.test(stream.attributes.get('RESOLUTION') ?? '')) return 'no RESOLUTION'
        return /^\d+\.\d{3}$/.test(rate) ? undefined : `FRAME-RATE ${rate}`
      })(read),
  },
  {
    id: 'Apple HLS Authoring, multivariant playlist: EXT-X-INDEPENDENT-SEGMENTS',
    says: 'said in the multivariant playlist',
    faults: ({ multivariant }) => (hasTag(multivariant, 'EXT-X-INDEPENDENT-SEGMENTS') ? [] : ['not said']),
  },
  {
    id: 'Apple HLS Authoring, audio: CHANNELS',
    says: 'sound tells its channels',
    faults: ({ groups }) =>
      groups.flatMap(({ attributes, line }) =>
        attributes.get('TYPE') !== 'AUDIO' || /^"\d+("|\/)/.test(attributes.get('CHANNELS') ?? '')
          ? []
          : [`line ${line}: no CHANNELS`],
      ),
  },
  {
    id: 'ITU-T H.264 Table A-1',
    says: 'the level in CODECS is enough for the size and the rate',
    faults: (read) =>
      eachVariant((stream) => {
        const idc = Number.parseInt(
          /avc1\.[0-9a-f]{4}([0-9a-f]{2})/i.exec(codecsOf(stream).join(','))?.[1] ?? '',
          16,
        )
        const level = LEVELS.find(([of]) => of === idc)
        const [width = 0, height = 0] = (stream.attributes.get('RESOLUTION') ?? '').split('x').map(Number)
        if (!level || !(width > 0)) return undefined
        const blocks = Math.ceil(width / 16) * Math.ceil(height / 16)
        const perSecond = blocks * number(stream, 'FRAME-RATE')
        // A little over: cameras' clocks, and 59.94 called 60.
        return blocks > level[1] || perSecond > level[2] * 1.01
          ? `level ${idc / 10} for ${width}x${height}`
          : undefined
      })(read),
  },
]
