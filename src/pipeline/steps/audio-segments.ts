/** The sound of one chunk as AAC, cut at the timeline on the grid of AAC frames. */
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { writeCarriedInput } from '../../packaging/carried-sound-input.ts'
import { writePassedInput } from '../../packaging/passed-sound-input.ts'
import { segmentEncoded } from '../../packaging/segment-encoded.ts'
import type { Timeline, TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineUpload } from '../catalogue.ts'
import { type AudioChunk, encodeAudioChunk } from '../ffmpeg/audio-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import type { AudioSettings } from '../ladder.ts'
import { mainAudio } from '../sound-tracks.ts'
import { readSource } from '../source.ts'
import type { StepParts } from './step-parts.ts'
import type { MadeSegments } from './store-segments.ts'

export interface AudioWork {
  readonly videoId: VideoId
  readonly upload: PipelineUpload | undefined
  readonly timeline: Timeline
  readonly settings: AudioSettings
  readonly rendition: string
  readonly segments: readonly TimelineSegment[]
  readonly dir: string
  readonly signal: AbortSignal
}

export async function makeAudioSegments(parts: StepParts, work: AudioWork): Promise<MadeSegments> {
  const [first, last] = [work.segments[0], work.segments.at(-1)]
  if (!first || !last) throw new Error('a chunk has at least one segment')
  const outputPath = path.join(work.dir, 'audio.mp4')
  const plan = encodeAudioChunk({
    ...(await (work.upload && !isInTimeline(work)
      ? ofUpload(parts, work, work.upload)
      : ofTimeline(parts, work))),
    startSeconds: first.start,
    endSeconds: last.start + last.duration,
    outputPath,
  })
  await runFfmpeg(parts.tools, plan.command, { signal: work.signal })
  const encoded = await segmentEncoded({
    input: outputPath,
    kind: 'audio',
    segments: work.segments,
    place: { by: 'zero', seconds: plan.zeroSeconds },
  })
  return { rendition: work.rendition, encoded }
}

type Sound = Pick<AudioChunk, 'input' | 'settings'>

function ofUpload(parts: StepParts, { settings }: AudioWork, upload: PipelineUpload): Sound {
  const source = readSource(upload.source)
  const streamIndex = settings.streamIndex ?? (source && mainAudio(source)?.index)
  if (streamIndex === undefined)
    throw new AppError(
      'media-corrupt',
      'The uploaded file of this video is not known any more, or has no sound.',
    )
  return {
    input: { path: path.join(parts.storageDir, upload.path), streamIndex },
    settings,
  }
}

/** It is carried beside the timeline, or passed through and wanted once more at another level. */
function isInTimeline({ timeline, settings }: AudioWork): boolean {
  if (settings.streamIndex !== undefined) return false
  const passed = timeline.kind === 'measured' && timeline.inits.some(({ audio }) => audio)
  return passed || timeline.inits.some(({ carriedAudio }) => carriedAudio)
}

/** Where there is none, silence stands. */
async function ofTimeline(parts: StepParts, work: AudioWork): Promise<Sound> {
  const request = { ...work, store: parts.store }
  const input = (await writeCarriedInput(request)) ?? (await writePassedInput(request))
  const { settings } = work
  return input
    ? {
        input: { path: input.path, streamIndex: 0 },
        settings: { ...settings, originSeconds: -input.startSeconds },
      }
    : { input: undefined, settings }
}
