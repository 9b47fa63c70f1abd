/**
 * The first pictures of chosen segments as inputs for ffmpeg, as cheaply as they can be had: of the lowest
 * rung where it is made, else of the original; of what browsers do not play, of the source itself.
 */
import path from 'node:path'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys, ORIGINAL } from '../../media/layout.ts'
import { writeCarriedPictures } from '../../packaging/carried-pictures-input.ts'
import { writeKeyframes } from '../../packaging/keyframes-input.ts'
import type { Timeline, TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineUpload } from '../catalogue.ts'
import { lowestRung } from '../ladder.ts'
import { readSource } from '../source.ts'
import type { StepParts } from '../steps/step-parts.ts'

export interface PicturesInput {
  readonly inputPath: string
  /** Of the video stream. */
  readonly stream: string
  /** So many pictures: at second 0, 1, 2 …; or the one from `atSeconds` on. */
  readonly count: number
  readonly atSeconds?: number
}

export interface PicturesWanted {
  readonly videoId: VideoId
  readonly upload: PipelineUpload | undefined
  readonly timeline: Timeline
  readonly segments: readonly TimelineSegment[]
  /** The attempt's own folder. */
  readonly dir: string
}

type Parts = Pick<StepParts, 'catalogue' | 'store' | 'storageDir'>

/** In the order of `segments`. Throws AppError `media-corrupt` when a part of them holds no picture. */
export async function gatherPictures(
  parts: Parts,
  wanted: PicturesWanted,
): Promise<readonly PicturesInput[]> {
  const rung = await madeRung(parts, wanted)
  if (rung) return [await fromRendition(parts, wanted, rung, undefined, wanted.segments, 0)]
  if (wanted.timeline.kind === 'planned') return fromUpload(parts, wanted)
  const inputs: PicturesInput[] = []
  for (const [index, segments] of runsOfOneInit(wanted.segments).entries()) {
    const init = segments[0]?.init ?? 0
    const config = wanted.timeline.inits.find((one) => one.init === init)
    if (config?.carriedVideo) {
      for (const segment of segments) {
        const inputPath = path.join(wanted.dir, `carried-${segment.number}.flv`)
        const { videoId } = wanted
        const carried = config.carriedVideo
        await writeCarriedPictures({
          store: parts.store,
          videoId,
          carried,
          segments: [segment],
          outputPath: inputPath,
        })
        inputs.push({ inputPath, stream: 'v:0', count: 1, atSeconds: 0 })
      }
    } else if (config?.video) {
      inputs.push(await fromRendition(parts, wanted, ORIGINAL, init, segments, index))
    }
  }
  return inputs
}

/** The lowest rung, when everything of it that is wanted is there. */
async function madeRung({ catalogue, store }: Parts, wanted: PicturesWanted): Promise<string | undefined> {
  const renditions = await catalogue.renditions(wanted.videoId)
  const rungs = renditions.flatMap(({ settings, state }) =>
    settings?.kind === 'video' && state !== 'failed' ? [settings] : [],
  )
  const name = lowestRung(rungs)?.name
  if (name === undefined) return undefined
  for (const { number } of wanted.segments)
    if (!(await store.stat(mediaKeys.segment(wanted.videoId, name, number)))) return undefined
  return name
}

async function fromRendition(
  { store }: Parts,
  { videoId, dir }: PicturesWanted,
  rendition: string,
  init: number | undefined,
  segments: readonly TimelineSegment[],
  index: number,
): Promise<PicturesInput> {
  const inputPath = path.join(dir, `pictures-${index}.mp4`)
  await writeKeyframes({
    init: (await store.read(mediaKeys.init(videoId, rendition, init))) ?? Buffer.alloc(0),
    segments: segments.map(
      ({ number }) =>
        () =>
          store.read(mediaKeys.segment(videoId, rendition, number)),
    ),
    outputPath: inputPath,
  })
  return { inputPath, stream: 'v:0', count: segments.length }
}

function fromUpload({ storageDir }: Parts, { upload, segments }: PicturesWanted): readonly PicturesInput[] {
  const pictures = readSource(upload?.source)?.video
  if (!upload || !pictures) return []
  const inputPath = path.join(storageDir, upload.path)
  return segments.map(({ start }) => ({
    inputPath,
    stream: `${pictures.index}`,
    count: 1,
    atSeconds: start,
  }))
}

function runsOfOneInit(segments: readonly TimelineSegment[]): readonly (readonly TimelineSegment[])[] {
  const runs: TimelineSegment[][] = []
  for (const segment of segments) {
    const run = runs.at(-1)
    if (run && run[0]?.init === segment.init) run.push(segment)
    else runs.push([segment])
  }
  return runs
}
