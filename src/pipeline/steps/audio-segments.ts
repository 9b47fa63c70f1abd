/** The sound of one chunk as AAC, cut at the timeline on the grid of AAC frames. */
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import { segmentEncoded } from '../../packaging/segment-encoded.ts'
import type { TimelineSegment } from '../../packaging/timeline.ts'
import type { PipelineUpload } from '../catalogue.ts'
import { encodeAudioChunk } from '../ffmpeg/audio-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import type { AudioSettings } from '../ladder.ts'
import { mainAudio, readSource } from '../source.ts'
import type { StepParts } from './step-parts.ts'
import type { MadeSegments } from './store-segments.ts'

export interface AudioWork {
  readonly upload: PipelineUpload | undefined
  readonly settings: AudioSettings
  readonly rendition: string
  readonly segments: readonly TimelineSegment[]
  readonly dir: string
  readonly signal: AbortSignal
}

export async function makeAudioSegments(parts: StepParts, work: AudioWork): Promise<MadeSegments> {
  const source = readSource(work.upload?.source)
  const track = source && mainAudio(source)
  const [first, last] = [work.segments[0], work.segments.at(-1)]
  if (!work.upload || !track || !first || !last)
    throw new AppError(
      'media-corrupt',
      'The uploaded file of this video is not known any more, or has no sound.',
    )
  const outputPath = path.join(work.dir, 'audio.mp4')
  const plan = encodeAudioChunk({
    inputPath: path.join(parts.storageDir, work.upload.path),
    streamIndex: track.index,
    settings: work.settings,
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
