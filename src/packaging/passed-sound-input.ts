/** Sound that was passed through, as files that ffmpeg reads: around a chunk, or all of it. */
import { open, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import { AUDIO_RENDITION, mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import type { CarriedInput } from './carried-sound-input.ts'
import { openEncoded, readEncodedPackets } from './encoded-input.ts'
import type { Timeline, TimelineSegment } from './timeline.ts'

/** Undefined: there is no sound. A segment more at either end, for what an encoder has to have heard before and after. */
export async function writePassedInput(request: {
  readonly store: MediaStore
  readonly videoId: VideoId
  readonly timeline: Timeline
  /** Of the chunk: all have the same init. */
  readonly segments: readonly TimelineSegment[]
  readonly dir: string
}): Promise<CarriedInput | undefined> {
  const { store, videoId, timeline, segments, dir } = request
  const [first, last] = [segments[0], segments.at(-1)]
  if (!first || !last || !timeline.inits.find(({ init }) => init === first.init)?.audio) return undefined
  const parts = [await store.read(mediaKeys.init(videoId, AUDIO_RENDITION, first.init))]
  for (const { init, number } of timeline.segments.slice(Math.max(0, first.number - 1), last.number + 2))
    if (init === first.init) parts.push(await store.read(mediaKeys.segment(videoId, AUDIO_RENDITION, number)))
  const bytes = Buffer.concat(parts.filter((part) => part !== undefined))
  await using sound = await openEncoded(bytes, 'audio')
  const startSeconds = (await readEncodedPackets(sound, { by: 'zero', seconds: 0 }))[0]?.seconds
  if (startSeconds === undefined) return undefined
  const file = path.join(dir, 'passed.mp4')
  await writeFile(file, bytes)
  return { path: file, startSeconds }
}

/**
 * The whole of a rendition of sound in as few files as it has decoder configurations, in order.
 * Throws AppError `not-ready` when a part of it is not made.
 */
export async function writeWholeSound(request: {
  readonly store: MediaStore
  readonly videoId: VideoId
  readonly timeline: Timeline
  readonly dir: string
  readonly signal: AbortSignal
}): Promise<readonly string[]> {
  const { store, videoId, timeline, dir, signal } = request
  const passed = timeline.kind === 'measured' && timeline.inits.some(({ audio }) => audio)
  const files: string[] = []
  for (const run of runsOfOneInit(timeline.segments, passed)) {
    const head = mediaKeys.init(videoId, AUDIO_RENDITION, passed ? run[0]?.init : undefined)
    const init = await store.read(head)
    // Before its sound begins, a broadcast may have a configuration without.
    if (!init && passed) continue
    const file = path.join(dir, `sound-${files.length}.mp4`)
    await using output = await open(file, 'w')
    await output.write(init ?? missing(head))
    for (const { number } of run) {
      signal.throwIfAborted()
      const key = mediaKeys.segment(videoId, AUDIO_RENDITION, number)
      await output.write((await store.read(key)) ?? missing(key))
    }
    files.push(file)
  }
  return files
}

function missing(key: string): never {
  throw new AppError('not-ready', `Of the sound ${key} is not made yet.`)
}

function runsOfOneInit(
  segments: readonly TimelineSegment[],
  passed: boolean,
): readonly (readonly TimelineSegment[])[] {
  if (!passed) return [segments]
  const runs: TimelineSegment[][] = []
  for (const segment of segments) {
    const run = runs.at(-1)
    if (run && run[0]?.init === segment.init) run.push(segment)
    else runs.push([segment])
  }
  return runs
}
