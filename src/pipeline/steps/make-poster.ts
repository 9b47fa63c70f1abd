/** A picture that stands for the video: the first good one of a few, beginning about a tenth into it. */
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys, ORIGINAL } from '../../media/layout.ts'
import { writeCarriedPictures } from '../../packaging/carried-pictures-input.ts'
import { makeChunkInput } from '../../packaging/chunk-input.ts'
import type { Timeline, TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineVideo } from '../catalogue.ts'
import { isGoodPicture, judgeSamples, takePosterCandidates } from '../ffmpeg/poster-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import type { RunningJob } from '../queue.ts'
import { readSource } from '../source.ts'
import { openAttemptDir, readTimeline, type StepParts } from './step-parts.ts'

const MAX_WIDTH = 1280
/** Where to look, as shares of what is known of the video. */
const SHARES = [0.1, 0.25, 0.5, 0.75, 0] as const

interface Candidate {
  readonly path: string
  readonly good: boolean
  readonly spread: number
}

export function makePosterStep(parts: StepParts): (job: RunningJob<'make-poster'>) => Promise<void> {
  return async ({ data: { videoId }, signal }) => {
    const [video, timeline] = await Promise.all([
      parts.catalogue.findVideo(videoId),
      readTimeline(parts.store, videoId),
    ])
    if (!video || !timeline || video.hasPoster || timeline.segments.length === 0) return
    await using dir = await openAttemptDir(parts.tmpDir, 'poster')
    let best: Candidate | undefined
    for (const [index, share] of SHARES.entries()) {
      const candidate = await take(parts, video, timeline, share, path.join(dir.path, `${index}`), signal)
      if (!candidate) continue
      if (candidate.good || !best || candidate.spread > best.spread) best = candidate
      if (candidate.good) break
    }
    if (!best) throw new AppError('encode-failed', 'No picture of the video could be decoded for its poster.')
    await parts.store.put(mediaKeys.poster(videoId), await readFile(best.path))
    await parts.catalogue.posterMade(videoId)
  }
}

async function take(
  parts: StepParts,
  video: PipelineVideo,
  timeline: Timeline,
  share: number,
  dir: string,
  signal: AbortSignal,
): Promise<Candidate | undefined> {
  await mkdir(dir)
  const at = timeline.duration * share
  const segment = timeline.segments.findLast(({ start }) => start <= at) ?? timeline.segments[0]
  const input =
    timeline.kind === 'measured'
      ? await fromOriginal(parts, video.id, timeline, segment, dir)
      : fromUpload(parts, video, at)
  if (!input) return undefined
  const scale = Math.min(1, MAX_WIDTH / input.width)
  const size = { width: even(input.width * scale), height: even(input.height * scale) }
  try {
    await runFfmpeg(
      parts.tools,
      takePosterCandidates({ ...input, ...size, dialect: parts.tools.dialect, atMost: 1, outputDir: dir }),
      { signal },
    )
    const [sample] = judgeSamples(await readFile(path.join(dir, 'samples.gray')))
    return sample
      ? { path: path.join(dir, '1.jpg'), good: isGoodPicture(sample), spread: sample.spread }
      : undefined
  } catch (error) {
    // A damaged place: the next one is tried, and if none is good the step fails.
    signal.throwIfAborted()
    parts.logger.debug({ videoId: video.id, at, err: error }, 'no poster here')
    return undefined
  }
}

async function fromOriginal(
  parts: StepParts,
  videoId: VideoId,
  timeline: Timeline,
  segment: TimelineSegment | undefined,
  dir: string,
) {
  if (!segment) return undefined
  const carried = timeline.inits.find(({ init }) => init === segment.init)?.carriedVideo
  if (carried) {
    const inputPath = path.join(dir, 'input.flv')
    const request = { store: parts.store, videoId, carried, segments: [segment], outputPath: inputPath }
    const { width, height } = await writeCarriedPictures(request)
    return { inputPath, stream: 'v:0', width, height, keyframesOnly: true }
  }
  const [init, bytes] = await Promise.all([
    parts.store.read(mediaKeys.init(videoId, ORIGINAL, segment.init)),
    parts.store.read(mediaKeys.segment(videoId, ORIGINAL, segment.number)),
  ])
  if (!init || !bytes) return undefined
  const inputPath = path.join(dir, 'input.mp4')
  const { width, height } = await makeChunkInput({
    init,
    segments: [bytes],
    startSeconds: segment.start,
    outputPath: inputPath,
  })
  return { inputPath, stream: 'v:0', width, height, keyframesOnly: true }
}

function fromUpload(parts: StepParts, video: PipelineVideo, atSeconds: number) {
  const source = readSource(video.upload?.source)
  if (!video.upload || !source) return undefined
  const { width, height, index } = source.video
  return {
    inputPath: path.join(parts.storageDir, video.upload.path),
    stream: `${index}`,
    width,
    height,
    atSeconds,
    keyframesOnly: false,
  }
}

function even(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2)
}
