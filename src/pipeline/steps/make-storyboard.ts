/**
 * The storyboard of a video: sheets of small pictures for the seek bar, each made as soon as the timeline
 * fills it, also on air, and never again; and when the timeline has ended, the moving picture for cards.
 *
 * Killed anywhere, it has changed nothing but a file nobody refers to, which the next attempt writes again:
 * a sheet counts when its row stands.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import { mediaKeys } from '../../media/layout.ts'
import type { Timeline } from '../../packaging/timeline.ts'
import type { PipelineVideo } from '../catalogue.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import { layOutSheet, makePreview } from '../ffmpeg/storyboard-argv.ts'
import type { RunningJob } from '../queue.ts'
import { gatherPictures } from '../storyboard/pictures-input.ts'
import { SAMPLE_BYTES } from '../storyboard/scene-samples.ts'
import { planSheets, SHEET_COLUMNS, type SheetPlan, tileSize } from '../storyboard/tile-plan.ts'
import { openAttemptDir, readTimeline, type StepParts } from './step-parts.ts'

const PREVIEW_WIDTH = 320
const PREVIEW_PICTURES = 6
const PREVIEW_PICTURES_PER_SECOND = 2
/** Shorter videos have too little to show. */
const PREVIEW_LEAST_SECONDS = 4

export function makeStoryboardStep(parts: StepParts): (job: RunningJob<'make-storyboard'>) => Promise<void> {
  return async ({ data: { videoId }, signal }) => {
    const [video, timeline] = await Promise.all([
      parts.catalogue.findVideo(videoId),
      readTimeline(parts.store, videoId),
    ])
    const size = timeline && pictureSize(timeline)
    if (!video || !timeline || !size) return
    const sheets = planSheets(timeline).slice(video.storyboardSheets)
    const preview = timeline.ended && !video.hasPreview && timeline.duration >= PREVIEW_LEAST_SECONDS
    if (sheets.length > 0 || preview) await parts.room.enter(signal)
    for (const sheet of sheets) await makeSheet(parts, video, timeline, tileSize(size), sheet, signal)
    if (preview) await makeMovingPicture(parts, video, timeline, size, signal)
  }
}

async function makeSheet(
  parts: StepParts,
  video: PipelineVideo,
  timeline: Timeline,
  tile: { readonly width: number; readonly height: number },
  { number, tiles, end }: SheetPlan,
  signal: AbortSignal,
): Promise<void> {
  await using dir = await openAttemptDir(parts.tmpDir, 'storyboard')
  const { id: videoId, upload } = video
  const segments = segmentsOf(
    timeline,
    tiles.map(({ segment }) => segment),
  )
  const inputs = await gatherPictures(parts, { videoId, upload, timeline, segments, dir: dir.path })
  if (inputs.length === 0) throw new AppError('media-corrupt', 'There is no picture for the storyboard here.')
  const sheetPath = path.join(dir.path, 'sheet.jpg')
  const samplesPath = path.join(dir.path, 'samples.gray')
  await runFfmpeg(
    parts.tools,
    layOutSheet({ inputs, ...tile, columns: SHEET_COLUMNS, sheetPath, samplesPath }),
    { signal },
  )
  const samples = await readFile(samplesPath)
  if (samples.byteLength !== tiles.length * SAMPLE_BYTES)
    throw new AppError('encode-failed', 'Not every picture of the storyboard could be made.')
  await parts.store.put(mediaKeys.storyboardSheet(videoId, number), await readFile(sheetPath))
  await parts.catalogue.storyboardGrown(videoId, {
    number,
    columns: SHEET_COLUMNS,
    tileWidth: tile.width,
    tileHeight: tile.height,
    starts: tiles.map(({ start }) => start),
    endSeconds: end,
    samples,
  })
}

async function makeMovingPicture(
  parts: StepParts,
  video: PipelineVideo,
  timeline: Timeline,
  size: { readonly width: number; readonly height: number },
  signal: AbortSignal,
): Promise<void> {
  await using dir = await openAttemptDir(parts.tmpDir, 'preview')
  const { id: videoId, upload } = video
  const wanted = Array.from({ length: PREVIEW_PICTURES }, (_, i) => {
    const at = timeline.duration * ((i + 0.5) / PREVIEW_PICTURES)
    return timeline.segments.findLast(({ start }) => start <= at)?.number ?? 0
  })
  const segments = segmentsOf(timeline, [...new Set(wanted)])
  const inputs = await gatherPictures(parts, { videoId, upload, timeline, segments, dir: dir.path })
  if (inputs.length === 0) return
  const outputPath = path.join(dir.path, 'preview.webp')
  const scale = Math.min(1, PREVIEW_WIDTH / Math.max(size.width, size.height))
  await runFfmpeg(
    parts.tools,
    makePreview({
      inputs,
      width: even(size.width * scale),
      height: even(size.height * scale),
      picturesPerSecond: PREVIEW_PICTURES_PER_SECOND,
      outputPath,
    }),
    { signal },
  )
  const bytes = await readFile(outputPath)
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  await parts.store.put(mediaKeys.preview(videoId, name), bytes)
  await parts.catalogue.previewMade(videoId, name)
}

/** As displayed; undefined: there are no pictures. */
function pictureSize(timeline: Timeline): { readonly width: number; readonly height: number } | undefined {
  const init = timeline.inits.find(({ video, carriedVideo }) => video ?? carriedVideo)
  return init?.video ?? init?.carriedVideo
}

function segmentsOf(timeline: Timeline, numbers: readonly number[]) {
  return numbers.flatMap((number) => timeline.segments[number] ?? [])
}

function even(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2)
}
