/**
 * What encoders send when they do not do as they should, and how the replay of it must come out. Each is
 * made of real encoder output whose timestamps, order or messages are changed.
 */
import path from 'node:path'
import { encodeAmf0Values } from '../../../src/formats/amf0.ts'
import { DATA } from '../../../src/ingest/media-message.ts'
import {
  bent,
  byTrueTime,
  type Dated,
  type DatedStream,
  isAudio,
  isMedia,
  isVideo,
  later,
  makeStream,
  timed,
} from './dated-stream.ts'

const HOUR_MS = 3_600_000

export interface OddSources {
  /** 8 s, 160x90, 25 pictures a second, a keyframe a second; mono at 48 kHz. */
  readonly main: DatedStream
  /** 4 s of another size. */
  readonly wide: DatedStream
  /** 4 s at 50 pictures a second. */
  readonly fast: DatedStream
  /** 4 s with stereo at 44.1 kHz. */
  readonly stereo: DatedStream
  /** 70 s with a keyframe after 64. */
  readonly sparse: DatedStream
  /** 4 s whose keyframes carry their parameter sets. */
  readonly inBand: DatedStream
}

export async function makeOddSources(folder: string): Promise<OddSources> {
  const file = (name: string) => path.join(folder, `${name}.flv`)
  return {
    main: await makeStream(file('main'), { seconds: 8 }),
    wide: await makeStream(file('wide'), { seconds: 4, size: '208x120' }),
    fast: await makeStream(file('fast'), { seconds: 4, rate: 50 }),
    stereo: await makeStream(file('stereo'), { seconds: 4, channels: 2, sampleRate: 44_100 }),
    sparse: await makeStream(file('sparse'), { seconds: 70, rate: 5, gop: 320, size: '64x48' }),
    inBand: await makeStream(file('in-band'), { seconds: 4, x264: ['-x264-params', 'repeat-headers=1'] }),
  }
}

export interface OddStream {
  readonly name: string
  /** One list for each connection. */
  readonly sessions: (from: OddSources) => readonly DatedStream[]
  /** Of the replay. */
  readonly seconds: number
  readonly pictures: number
  /** Where the replay breaks: seconds on its clock, to half a second. None unless said. */
  readonly breaks?: readonly number[]
  /** By how much sound may be beside its picture, seconds. */
  readonly apart?: number
  /** Seconds of sound; as long as the replay unless said. */
  readonly sound?: number
}

export const ODD_STREAMS: readonly OddStream[] = [
  {
    name: 'nothing odd at all',
    sessions: ({ main }) => [main],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'a clock that wraps at 2^32 (pain 45)',
    sessions: ({ main }) => [bent(main, ({ trueMs }) => trueMs + 2 ** 32 - 4000)],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'a clock that begins at an hour',
    sessions: ({ main }) => [bent(main, ({ trueMs }) => trueMs + HOUR_MS)],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'a clock that jumps an hour ahead (pain 9)',
    sessions: ({ main }) => [bent(main, ({ trueMs }) => trueMs + (trueMs < 4000 ? 0 : HOUR_MS))],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'a clock that jumps back to 0 (pain 9)',
    sessions: ({ main }) => [bent(main, ({ trueMs }) => (trueMs < 4000 ? trueMs + HOUR_MS : trueMs - 4000))],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'a clock that is set back by two seconds, again and again (pain 9)',
    sessions: ({ main }) => [bent(main, ({ trueMs }) => trueMs - 2000 * Math.floor(trueMs / 3000) + 10_000)],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'timestamps that run backwards by a frame now and then (pain 9)',
    sessions: ({ main }) => [
      bent(main, ({ trueMs }) => trueMs - (Math.floor(trueMs / 40) % 10 === 5 ? 60 : 0) + 100),
    ],
    seconds: 8,
    pictures: 200,
    apart: 0.13,
  },
  {
    name: 'timestamps rounded to a tenth of a second',
    sessions: ({ main }) => [bent(main, ({ trueMs }) => Math.floor(trueMs / 100) * 100)],
    seconds: 8,
    pictures: 200,
    apart: 0.15,
  },
  {
    name: 'a pause of five seconds in which nothing is sent',
    sessions: ({ main }) => [
      [
        ...main.filter(({ trueMs }) => trueMs < 4000),
        ...later(
          main.filter(({ trueMs }) => trueMs >= 4000),
          5000,
        ),
      ],
    ],
    seconds: 13,
    pictures: 200,
  },
  {
    name: 'sound on a clock that is half a percent fast',
    sessions: ({ main }) => [
      byTrueTime(bent(main, (one) => (isAudio(one) ? one.trueMs * 1.005 : one.trueMs))),
    ],
    seconds: 8.04,
    pictures: 200,
    apart: 0.08,
  },
  {
    name: 'sound on a clock that is half a percent slow',
    sessions: ({ main }) => [
      byTrueTime(bent(main, (one) => (isAudio(one) ? one.trueMs * 0.995 : one.trueMs))),
    ],
    seconds: 8,
    pictures: 200,
    apart: 0.08,
  },
  {
    name: 'pictures on a clock that is a quarter slow',
    sessions: ({ main }) => [bent(main, (one) => (isVideo(one) ? one.trueMs * 0.75 : one.trueMs))],
    seconds: 8,
    pictures: 200,
    apart: 2.1,
  },
  {
    name: 'sound stamped half a minute ahead of the pictures',
    sessions: ({ main }) => [bent(main, (one) => (isAudio(one) ? one.trueMs + 30_000 : one.trueMs))],
    seconds: 8,
    pictures: 200,
    apart: 0.2,
  },
  {
    name: 'sound that arrives a second and a half after its pictures',
    sessions: ({ main }) => [
      [...main].sort((a, b) => a.trueMs + (isAudio(a) ? 1500 : 0) - b.trueMs - (isAudio(b) ? 1500 : 0)),
    ],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'pictures that arrive two seconds after their sound',
    sessions: ({ main }) => [
      [...main].sort((a, b) => a.trueMs + (isVideo(a) ? 2000 : 0) - b.trueMs - (isVideo(b) ? 2000 : 0)),
    ],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'sound alone',
    sessions: ({ main }) => [main.filter((one) => !isVideo(one))],
    seconds: 8,
    pictures: 0,
  },
  {
    name: 'pictures alone',
    sessions: ({ main }) => [main.filter((one) => !isAudio(one))],
    seconds: 8,
    pictures: 200,
    sound: 0,
  },
  {
    name: 'sound five seconds before the first picture',
    sessions: ({ main, wide }) => [
      byTrueTime(
        main.filter((one) => !isVideo(one)),
        later(wide.filter(isVideo), 4000),
      ),
    ],
    seconds: 8,
    pictures: 100,
    breaks: [4],
  },
  {
    name: 'sound that begins four seconds after the first picture',
    sessions: ({ main }) => [main.filter((one) => !isAudio(one) || !isMedia(one) || one.trueMs > 4000)],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'no keyframe for a minute',
    sessions: ({ sparse }) => [sparse],
    seconds: 70,
    pictures: 350,
  },
  {
    name: 'no keyframe in the first seconds',
    sessions: ({ main }) => [main.filter((one) => !isVideo(one) || !isMedia(one) || one.trueMs >= 100)],
    seconds: 7,
    pictures: 175,
  },
  {
    name: 'another size of picture in mid-stream (pain 16)',
    sessions: ({ main, wide }) => [[...main, ...later(wide, 8000)]],
    seconds: 12,
    pictures: 300,
    breaks: [8],
    // Two encoders' sound laid end to end.
    apart: 0.07,
  },
  {
    name: 'another frame rate in mid-stream (pain 16)',
    sessions: ({ main, fast }) => [[...main, ...later(fast, 8000)]],
    seconds: 12,
    pictures: 400,
    breaks: [8],
    // Two encoders' sound laid end to end.
    apart: 0.07,
  },
  {
    name: 'other channels and another sample rate in mid-stream (pain 16)',
    sessions: ({ main, stereo }) => [[...main, ...later(stereo, 8000)]],
    seconds: 12,
    pictures: 300,
    breaks: [8],
    // Two encoders' sound laid end to end.
    apart: 0.07,
  },
  {
    name: 'another size, and back again (pain 16)',
    sessions: ({ main, wide }) => [[...wide, ...later(main, 4000), ...later(wide, 12_000)]],
    seconds: 16,
    pictures: 400,
    breaks: [4, 12],
    // Two encoders' sound laid end to end.
    apart: 0.07,
  },
  {
    name: 'another size after a reconnect (pain 16)',
    sessions: ({ main, wide }) => [main, reconnected(wide, 8000)],
    seconds: 12,
    pictures: 300,
    breaks: [8],
  },
  {
    name: 'three connections, each with a clock of its own (pain 12)',
    sessions: ({ main }) => [
      main,
      reconnected(
        bent(main, ({ trueMs }) => trueMs + HOUR_MS),
        8000,
      ),
      reconnected(main, 16_000),
    ],
    seconds: 24,
    pictures: 600,
    breaks: [8, 16],
  },
  {
    name: 'decoder configurations repeated with every keyframe',
    sessions: ({ main }) => [
      main.flatMap((one) => (isKeyframe(one) ? [...configurations(main, one.trueMs), one] : [one])),
    ],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'decoder configurations that come three seconds late',
    sessions: ({ main }) => [
      [
        ...main.filter((one) => isMedia(one) && one.trueMs < 3000),
        ...configurations(main, 3000),
        ...main.filter((one) => isMedia(one) && one.trueMs >= 3000),
      ],
    ],
    seconds: 5,
    pictures: 125,
  },
  {
    name: 'no decoder configuration but the one within the pictures',
    sessions: ({ inBand }) => [inBand.filter((one) => isMedia(one) || isAudio(one))],
    seconds: 4,
    pictures: 100,
  },
  {
    name: 'no decoder configuration of the sound but what the metadata says',
    sessions: ({ main }) => [main.filter((one) => isMedia(one) || !isAudio(one))],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'cue points, captions and unknown data among the pictures',
    sessions: ({ main }) => [byTrueTime(main, dataMessages())],
    seconds: 8,
    pictures: 200,
  },
  {
    name: 'empty messages among the pictures',
    sessions: ({ main }) => [
      byTrueTime(
        main,
        [8, 9].map((type) => timed({ type: type as 8 | 9, timestampMs: 0, parts: [], byteLength: 0 }, 4000)),
      ),
    ],
    seconds: 8,
    pictures: 200,
  },
]

/** By another connection: its clock is its own, the time it happened is later. */
function reconnected(stream: DatedStream, ms: number): DatedStream {
  return stream.map((one) => ({ ...one, trueMs: one.trueMs + ms }))
}

function isKeyframe(one: Dated): boolean {
  return isVideo(one) && isMedia(one) && (one.message.parts[0]?.[0] ?? 0) >> 4 === 1
}

function configurations(stream: DatedStream, atMs: number): DatedStream {
  return stream
    .filter((one) => !isMedia(one) && one.message.type !== DATA)
    .map(({ message }) => timed(message, atMs))
}

function dataMessages(): DatedStream {
  const bodies = [
    encodeAmf0Values(['onCuePoint', { name: 'goal', time: 2.5, type: 'event' }]),
    encodeAmf0Values(['onTextData', { text: 'A line of captions', language: 'en', trackid: 1 }]),
    encodeAmf0Values(['onCaptionInfo', { type: '708', data: 'AAEC' }]),
    encodeAmf0Values(['com.example.score', 3, null, true]),
    // No AMF at all.
    Buffer.from('ff00deadbeef', 'hex'),
  ]
  return bodies.map((body, index) =>
    timed({ type: DATA, timestampMs: 0, parts: [body], byteLength: body.byteLength }, 1000 + index * 1300),
  )
}
