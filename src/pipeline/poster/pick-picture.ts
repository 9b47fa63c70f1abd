/** One picture of a video as JPEG: at a moment, or the first good one of a few, beginning about a tenth into it. */
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
import { readSource } from '../source.ts'
import type { StepParts } from '../steps/step-parts.ts'

/** Of the longer side. */
export const POSTER_SIDE = 1280
/** Where to look, as shares of what is known of the video. */
const SHARES = [0.1, 0.25, 0.5, 0.75, 0] as const

export type PictureParts = Pick<StepParts, 'store' | 'tools' | 'storageDir' | 'logger'>

export interface PictureRequest {
  readonly video: PipelineVideo
  readonly timeline: Timeline
  /** The attempt's own folder. */
  readonly dir: string
  readonly signal: AbortSignal
}

interface Candidate {
  readonly path: string
  readonly good: boolean
  readonly spread: number
}

/** Throws AppError `encode-failed` when nothing of the video can be decoded. */
export async function pickPicture(parts: PictureParts, request: PictureRequest): Promise<Buffer> {
  let best: Candidate | undefined
  for (const [index, share] of SHARES.entries()) {
    const at = request.timeline.duration * share
    const candidate = await take(parts, request, at, 'near', path.join(request.dir, `${index}`))
    if (!candidate) continue
    if (candidate.good || !best || candidate.spread > best.spread) best = candidate
    if (candidate.good) break
  }
  if (!best) throw new AppError('encode-failed', 'No picture of the video could be decoded for its poster.')
  return readFile(best.path)
}

/** The frame that is shown at `seconds`. Throws AppError `encode-failed` when it cannot be decoded. */
export async function takePicture(
  parts: PictureParts,
  request: PictureRequest,
  seconds: number,
): Promise<Buffer> {
  const dir = path.join(request.dir, 'moment')
  const last = Math.max(0, request.timeline.duration - 0.05)
  const taken = await take(parts, request, Math.min(seconds, last), 'exactly', dir)
  if (!taken)
    throw new AppError('encode-failed', 'The picture at that moment cannot be decoded: choose another.')
  return readFile(taken.path)
}

async function take(
  parts: PictureParts,
  { video, timeline, signal }: PictureRequest,
  at: number,
  how: 'near' | 'exactly',
  dir: string,
): Promise<Candidate | undefined> {
  await mkdir(dir)
  const segment = timeline.segments.findLast(({ start }) => start <= at) ?? timeline.segments[0]
  const input =
    timeline.kind === 'measured'
      ? await fromOriginal(parts, video.id, timeline, segment, dir)
      : fromUpload(parts, video)
  if (!input) return undefined
  const scale = Math.min(1, POSTER_SIDE / Math.max(input.width, input.height))
  const size = { width: even(input.width * scale), height: even(input.height * scale) }
  const exact = how === 'exactly'
  const isCover = 'isCover' in input && input.isCover
  const atSeconds = isCover ? 0 : timeline.kind === 'planned' ? at : exact ? at - (segment?.start ?? 0) : 0
  try {
    await runFfmpeg(
      parts.tools,
      takePosterCandidates({
        ...input,
        ...size,
        atSeconds,
        keyframesOnly: timeline.kind === 'measured' && !exact,
        dialect: parts.tools.dialect,
        atMost: 1,
        outputDir: dir,
      }),
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
  parts: PictureParts,
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
    return { inputPath, stream: 'v:0', width, height }
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
  return { inputPath, stream: 'v:0', width, height }
}

function fromUpload(parts: PictureParts, video: PipelineVideo) {
  const source = readSource(video.upload?.source)
  // What stands for sound alone is one picture.
  const picture = source?.video ?? source?.cover
  if (!video.upload || !picture) return undefined
  const { width, height, index } = picture
  const isCover = !source?.video
  return {
    inputPath: path.join(parts.storageDir, video.upload.path),
    stream: `${index}`,
    hdr: source?.video?.hdr ? source.video : undefined,
    width,
    height,
    isCover,
  }
}

function even(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2)
}
