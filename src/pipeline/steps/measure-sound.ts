/**
 * Listens to a video's sound once, when it is whole: its waveform, its loudness, and where that is wanted
 * the plan of a sound that is as loud as every other video's.
 */
import path from 'node:path'
import type { VideoId } from '../../kernel/ids.ts'
import { AUDIO_RENDITION, mediaKeys } from '../../media/layout.ts'
import { writeWholeSound } from '../../packaging/passed-sound-input.ts'
import type { Timeline } from '../../packaging/timeline.ts'
import type { PipelineVideo } from '../catalogue.ts'
import { planChunks } from '../chunk-plan.ts'
import { measureSound, type SoundInput } from '../ffmpeg/measure-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import { gainTo, type Loudness, parseLoudness } from '../loudness.ts'
import { chunkJobs } from '../plan-renditions.ts'
import { evenSound } from '../plan-sounds.ts'
import type { RunningJob } from '../queue.ts'
import { mainAudio } from '../sound-tracks.ts'
import { readSource } from '../source.ts'
import { WaveformMaker } from '../waveform.ts'
import { openAttemptDir, readTimeline, type StepParts } from './step-parts.ts'

/** More decoder configurations than a real broadcast has: beyond them, the rest is not heard. */
const MOST_FILES = 60
const LINES_KEPT = 40

export function makeMeasureSound(parts: StepParts): (job: RunningJob<'measure-sound'>) => Promise<void> {
  return async ({ data: { videoId }, signal }) => {
    const { catalogue, store } = parts
    const [video, timeline] = await Promise.all([catalogue.findVideo(videoId), readTimeline(store, videoId)])
    if (!video || !timeline?.ended || video.state === 'live' || video.hasWaveform) return
    await using dir = await openAttemptDir(parts.tmpDir, 'sound')
    const inputs = await inputsOf(parts, video, timeline, dir.path, signal)
    if (inputs.length === 0) return
    const waveform = new WaveformMaker()
    const said: string[] = []
    await runFfmpeg(parts.tools, measureSound(inputs.slice(0, MOST_FILES)), {
      signal,
      onBytes: (bytes) => waveform.add(bytes),
      onLine: (line) => {
        if (said.push(line) > LINES_KEPT) said.shift()
      },
    })
    const loudness = parseLoudness(said)
    await store.put(mediaKeys.waveform(videoId), Buffer.from(waveform.finish()))
    await catalogue.soundMeasured(videoId, loudness)
    if (loudness) await offerEvenSound(parts, videoId, timeline, loudness)
  }
}

/** Of an upload the file itself, whose renditions may not be made yet; of a broadcast what is heard of it. */
async function inputsOf(
  parts: StepParts,
  video: PipelineVideo,
  timeline: Timeline,
  dir: string,
  signal: AbortSignal,
): Promise<readonly SoundInput[]> {
  const { store } = parts
  const source = readSource(video.upload?.source)
  if (video.upload && source) {
    const main = mainAudio(source)
    return main ? [{ path: path.join(parts.storageDir, video.upload.path), stream: `${main.index}` }] : []
  }
  const renditions = await parts.catalogue.renditions(video.id)
  if (!renditions.some(({ name, state }) => name === AUDIO_RENDITION && state !== 'failed')) return []
  const files = await writeWholeSound({ store, videoId: video.id, timeline, dir, signal })
  return files.map((file) => ({ path: file, stream: 'a:0' }))
}

async function offerEvenSound(
  parts: StepParts,
  videoId: VideoId,
  timeline: Timeline,
  loudness: Loudness,
): Promise<void> {
  const gainDb = parts.loudnessTarget === undefined ? 0 : gainTo(parts.loudnessTarget, loudness)
  const main = (await parts.catalogue.renditions(videoId)).find(({ name }) => name === AUDIO_RENDITION)
  if (gainDb === 0 || !main) return
  const even = evenSound(main, gainDb)
  await parts.catalogue.plan(videoId, {
    renditions: [even],
    chunks: {
      cut: (from) => planChunks(timeline.segments, { ended: true, from }).closed,
      jobsOf: (range) => chunkJobs(videoId, range.index, [even], 'upload'),
      fill: true,
    },
  })
}
