/** Speech to text: the video's sound for a program of whisper.cpp, and what it wrote as a track of captions. */
import { open } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import { AUDIO_RENDITION, mediaKeys } from '../../media/layout.ts'
import type { Timeline, TimelineSegment } from '../../packaging/timeline.ts'
import { languageName, normaliseLanguage } from '../captions/languages.ts'
import { readHeardLanguage, recogniseSpeech } from '../captions/speech-program.ts'
import type { PipelineVideo } from '../catalogue.ts'
import { extractSpeech, type SpeechSound } from '../ffmpeg/captions-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import { JobGivenUp, type RunningJob } from '../queue.ts'
import { mainAudio } from '../sound-tracks.ts'
import { readSource } from '../source.ts'
import { readWords } from './find-captions.ts'
import { openAttemptDir, readTimeline, type StepParts } from './step-parts.ts'

/** Only decoding: it says something all the time. */
const STALL_MS = 5 * 60_000

export function makeRecogniseSpeech(
  parts: StepParts,
): (job: RunningJob<'recognise-speech'>) => Promise<void> {
  return async ({ data: { videoId, language }, signal }) => {
    const { catalogue, store, tools, speech, logger } = parts
    if (!speech) throw new JobGivenUp('No program for speech is set (WHISPER_PATH, WHISPER_MODEL).')
    const [video, timeline] = await Promise.all([catalogue.findVideo(videoId), readTimeline(store, videoId)])
    if (!video || !timeline) return
    await parts.room.enter(signal)
    await using dir = await openAttemptDir(parts.tmpDir, 'speech')
    const sounds = await findSound(parts, video, timeline, dir.path)
    if (sounds.length === 0) throw new JobGivenUp('The video has no sound.')
    const wavPath = path.join(dir.path, 'speech.wav')
    await runFfmpeg(tools, extractSpeech(sounds, wavPath), { signal, stallMs: STALL_MS })
    const outputBase = path.join(dir.path, 'speech')
    const spoken = language === 'auto' ? speech.language : language
    await recogniseSpeech(speech, tools, {
      wavPath,
      outputBase,
      language: spoken,
      threads: parts.threads,
      signal,
      onProgress: (percent) => logger.debug({ videoId, percent }, 'speech is recognised'),
    })
    const words = await readWords(`${outputBase}.vtt`)
    if (!words) throw new JobGivenUp('Nothing was said in it that could be recognised.')
    const heard = normaliseLanguage(
      (await readHeardLanguage(outputBase)) ?? (spoken === 'auto' ? 'und' : spoken),
    )
    await catalogue.captionsFound(videoId, [
      {
        origin: 'speech',
        source: heard,
        language: heard,
        name: `${languageName(heard)} (automatic)`,
        kind: 'subtitles',
        isDefault: false,
        ...words,
      },
    ])
  }
}

/** The uploaded file's own sound; of a broadcast what viewers hear, a run for each decoder configuration. */
async function findSound(
  parts: StepParts,
  video: PipelineVideo,
  timeline: Timeline,
  dir: string,
): Promise<readonly SpeechSound[]> {
  const source = readSource(video.upload?.source)
  if (video.upload && source) {
    const audio = mainAudio(source)
    const inputPath = path.join(parts.storageDir, video.upload.path)
    return audio ? [{ inputPath, stream: `${audio.index}`, seconds: timeline.duration }] : []
  }
  if (!(await parts.catalogue.renditions(video.id)).some(({ name }) => name === AUDIO_RENDITION)) return []
  const passedThrough = timeline.inits.some(({ audio }) => audio)
  const runs: TimelineSegment[][] = []
  for (const segment of timeline.segments) {
    const run = runs.at(-1)
    if (run && (!passedThrough || run[0]?.init === segment.init)) run.push(segment)
    else runs.push([segment])
  }
  const sounds: SpeechSound[] = []
  for (const [index, run] of runs.entries()) {
    const inputPath = path.join(dir, `sound-${index}.mp4`)
    const seconds = run.reduce((sum, { duration }) => sum + duration, 0)
    const head = mediaKeys.init(video.id, AUDIO_RENDITION, passedThrough ? run[0]?.init : undefined)
    sounds.push({ inputPath, stream: 'a:0', seconds })
    await using file = await open(inputPath, 'wx')
    for (const key of [
      head,
      ...run.map(({ number }) => mediaKeys.segment(video.id, AUDIO_RENDITION, number)),
    ]) {
      const bytes = await parts.store.read(key)
      if (bytes) await file.write(bytes)
      else throw new AppError('not-ready', 'The sound of the video is not made yet.')
    }
  }
  return sounds
}
