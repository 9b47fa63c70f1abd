/** Small videos made by ffmpeg at test time, and ways to look at what came out. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { VideoId } from '../../src/kernel/ids.ts'
import { AUDIO_RENDITION, mediaKeys, ORIGINAL } from '../../src/media/layout.ts'
import type { MediaStore } from '../../src/media/store.ts'
import { segmentEncoded } from '../../src/packaging/segment-encoded.ts'
import { encodeTimelineEntry, parseTimeline, type TimelineSegment } from '../../src/packaging/timeline.ts'
import { ffmpeg } from './ffmpeg.ts'

const run = promisify(execFile)

/** A moving picture whose every frame differs, and a tone. Arguments follow the two inputs. */
export async function makeVideo(
  file: string,
  options: { seconds: number; size?: string; rate?: number | string },
  ...args: readonly string[]
): Promise<string> {
  const { seconds, size = '320x180', rate = 25 } = options
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
    ...args,
    file,
  )
  return file
}

/** x264 as OBS uses it: B-frames, a keyframe every `gopSeconds`. */
export const h264 = (rate: number, gopSeconds = 2): readonly string[] => [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-b_strategy', '0', '-pix_fmt', 'yuv420p'],
  ...['-g', `${rate * gopSeconds}`, '-keyint_min', `${rate * gopSeconds}`, '-sc_threshold', '0'],
]

export interface SeenPacket {
  /** Seconds. */
  readonly pts: number
  readonly key: boolean
}

/** Packets of a stream as ffprobe reads them, in order of presentation. */
export async function readPackets(file: string, stream = 'v:0'): Promise<readonly SeenPacket[]> {
  const { stdout } = await run(
    'ffprobe',
    [
      '-v',
      'error',
      '-select_streams',
      stream,
      '-show_entries',
      'packet=pts_time,flags',
      '-of',
      'csv=p=0',
      file,
    ],
    {
      maxBuffer: 1 << 26,
    },
  )
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','))
    .map(([pts, flags]) => ({ pts: Number(pts), key: flags?.includes('K') ?? false }))
    .sort((a, b) => a.pts - b.pts)
}

/** Puts the original rendition of an H.264 file with a keyframe every `gopSeconds` into the store, as packaging does. */
export async function storeOriginal(
  store: MediaStore,
  videoId: VideoId,
  file: string,
  options: { gopSeconds: number; frameRate: number; frames: number; width: number; height: number },
): Promise<readonly TimelineSegment[]> {
  const { gopSeconds, frameRate, frames, width, height } = options
  const spans = []
  for (let frame = 0; frame < frames; frame += gopSeconds * frameRate) {
    const count = Math.min(gopSeconds * frameRate, frames - frame)
    spans.push({ number: spans.length, start: frame / frameRate, duration: count / frameRate, frames: count })
  }
  const made = await segmentEncoded({
    input: await readFile(file),
    kind: 'video',
    segments: spans,
    place: { by: 'first-packet', seconds: 0 },
  })
  await store.put(mediaKeys.init(videoId, ORIGINAL, 0), made.init)
  for (const segment of made.segments)
    await store.put(mediaKeys.segment(videoId, ORIGINAL, segment.number), segment.bytes)
  const segments = spans.map(
    (span, i): TimelineSegment => ({
      kind: 'segment',
      ...span,
      init: 0,
      discontinuity: false,
      videoBytes: made.segments[i]?.bytes.byteLength ?? 0,
      ...(made.segments[i]?.keyframe && { keyframe: made.segments[i].keyframe }),
      audioBytes: 0,
    }),
  )
  const lines = [
    encodeTimelineEntry({ kind: 'start', version: 1, timeline: 'measured' }),
    encodeTimelineEntry({ kind: 'init', init: 0, video: { codec: made.codecs, width, height, frameRate } }),
    ...segments.map(encodeTimelineEntry),
    encodeTimelineEntry({ kind: 'end', duration: frames / frameRate }),
  ]
  await store.put(mediaKeys.timeline(videoId), Buffer.from(lines.join('')))
  return segments
}

/** The segments of a rendition one after the other, as a player gets them. */
export async function joinRendition(store: MediaStore, videoId: VideoId, rendition: string): Promise<Buffer> {
  const text = await store.read(mediaKeys.timeline(videoId))
  const { segments } = parseTimeline(text?.toString('utf8') ?? '')
  const passedThrough =
    rendition === ORIGINAL ||
    (rendition === AUDIO_RENDITION && !(await store.stat(mediaKeys.init(videoId, rendition))))
  const init = await store.read(mediaKeys.init(videoId, rendition, passedThrough ? 0 : undefined))
  const parts = [init]
  for (const { number } of segments)
    parts.push(await store.read(mediaKeys.segment(videoId, rendition, number)))
  return Buffer.concat(
    parts.map((part, i) => part ?? fail(`${rendition} has no file ${i === 0 ? 'init' : i - 1}`)),
  )
}

function fail(message: string): never {
  throw new Error(message)
}

/** Black and silence; from `at` on for half a second white and a tone, in the same instant. Arguments follow the two inputs. */
export async function makeFlash(
  file: string,
  options: { seconds: number; at: number; size?: string; rate?: number | string },
  ...args: readonly string[]
): Promise<string> {
  const { seconds, at, size = '320x180', rate = 25 } = options
  const during = `between(t,${at - 0.001},${at + 0.499})`
  await ffmpeg(
    ...[
      '-f',
      'lavfi',
      '-i',
      `color=black:size=${size}:rate=${rate}:duration=${seconds},drawbox=w=iw:h=ih:color=white:t=fill:enable='${during}'`,
    ],
    ...[
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=1000:sample_rate=48000:duration=${seconds},volume=volume=0:enable='not(${during})'`,
    ],
    ...args,
    file,
  )
  return file
}

/** When the picture turns white, in seconds from the first frame. */
export async function findFlash(file: string): Promise<number> {
  const text = await ffmpeg(
    '-i',
    file,
    '-map',
    '0:v:0',
    '-vf',
    'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-',
    '-f',
    'null',
    '-',
  )
  const frames = [...text.matchAll(/pts_time:([\d.]+)\s+lavfi\.signalstats\.YAVG=([\d.]+)/g)].map(
    ([, pts, y]) => ({ pts: Number(pts), y: Number(y) }),
  )
  const flash = frames.find(({ y }) => y > 120)
  return (flash?.pts ?? Number.NaN) - (frames[0]?.pts ?? 0)
}

/** Mono samples at 48 kHz. */
export async function readSamples(file: string): Promise<Float32Array> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-map', '0:a:0', '-ac', '1', '-ar', '48000', '-f', 'f32le', '-'],
    {
      encoding: 'buffer',
      maxBuffer: 1 << 28,
    },
  )
  return new Float32Array(stdout.buffer, stdout.byteOffset, stdout.byteLength >> 2)
}

/** When sound begins, in seconds on the file's own clock. */
export async function findBeep(file: string): Promise<number> {
  const [first] = await readPackets(file, 'a:0')
  const sample = (await readSamples(file)).findIndex((value) => Math.abs(value) > 0.02)
  return sample === -1 ? Number.NaN : (first?.pts ?? 0) + sample / 48_000
}
