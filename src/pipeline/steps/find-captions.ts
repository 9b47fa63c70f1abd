/**
 * Words that came with a video, made into tracks of their own: text tracks and chapters of an uploaded file,
 * closed captions in the pictures of a broadcast. Nothing is decoded for it. Done again, it finds the same.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { CaptionFault } from '../../formats/webvtt/cue.ts'
import { parseWebVtt } from '../../formats/webvtt/parse-webvtt.ts'
import { renderWebVtt } from '../../formats/webvtt/render-webvtt.ts'
import { describeError } from '../../kernel/errors.ts'
import { mediaKeys, ORIGINAL } from '../../media/layout.ts'
import { type CaptionPair, hasClosedCaptions, readCaptionPairs } from '../../packaging/closed-captions.ts'
import type { Timeline } from '../../packaging/timeline.ts'
import type { FoundCaptions } from '../beside-catalogue.ts'
import { readFileTracks } from '../captions/file-tracks.ts'
import { renderScenarist } from '../captions/scenarist.ts'
import type { PipelineVideo } from '../catalogue.ts'
import { decodeClosedCaptions, extractTextTracks } from '../ffmpeg/captions-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import { runFfprobe } from '../ffmpeg/run-ffprobe.ts'
import type { RunningJob } from '../queue.ts'
import { openAttemptDir, readTimeline, type StepParts } from './step-parts.ts'

/** A long file is read to its end, and says nothing on the way. */
const STALL_MS = 15 * 60_000
/** Segments looked into, spread over the video, before it counts as one without. */
const LOOKS = 12

export function makeFindCaptions(parts: StepParts): (job: RunningJob<'find-captions'>) => Promise<void> {
  return async ({ data: { videoId }, signal }) => {
    const [video, timeline] = await Promise.all([
      parts.catalogue.findVideo(videoId),
      readTimeline(parts.store, videoId),
    ])
    if (!video || !timeline) return
    await using dir = await openAttemptDir(parts.tmpDir, 'captions')
    if (video.upload)
      await findInFile(parts, video, path.join(parts.storageDir, video.upload.path), dir.path, signal)
    if (timeline.kind === 'measured') await findInPictures(parts, video, timeline, dir.path, signal)
  }
}

async function findInFile(
  parts: StepParts,
  { id: videoId }: PipelineVideo,
  inputPath: string,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const questions = ['-show_streams', '-show_chapters', '-of', 'json']
  const { stdout } = await runFfprobe(parts.tools, inputPath, questions, signal)
  const { tracks, chapters } = readFileTracks(parseJson(stdout))
  if (chapters.length > 0) await parts.catalogue.chaptersFound(videoId, chapters)
  if (tracks.length === 0) return
  const outputs = tracks.map(({ index }) => ({ index, outputPath: path.join(dir, `${index}.vtt`) }))
  await runFfmpeg(parts.tools, extractTextTracks(inputPath, outputs), { signal, stallMs: STALL_MS })
  const found: FoundCaptions[] = []
  for (const { index, ...track } of tracks) {
    const words = await readWords(path.join(dir, `${index}.vtt`))
    if (words) found.push({ origin: 'embedded', source: `stream ${index}`, ...track, ...words })
    else parts.logger.info({ videoId, stream: index }, 'a text track of the file is empty or cannot be read')
  }
  await parts.catalogue.captionsFound(videoId, found)
}

async function findInPictures(
  parts: StepParts,
  video: PipelineVideo,
  timeline: Timeline,
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const { id: videoId } = video
  if (!video.closedCaptions) {
    if (!(await showsCaptions(parts, video, timeline))) return
    await parts.catalogue.closedCaptionsSeen(videoId)
  }
  const pairs: CaptionPair[] = []
  for (const { number, init } of timeline.segments) {
    signal.throwIfAborted()
    const segment = await parts.store.read(mediaKeys.segment(videoId, ORIGINAL, number))
    const head = await parts.store.read(mediaKeys.init(videoId, ORIGINAL, init))
    if (!segment || !head) continue
    // A picture that cannot be read is one without captions.
    pairs.push(...(await readCaptionPairs(head, segment).catch(() => [])))
  }
  if (pairs.length === 0) return
  const [sccPath, outputPath] = [path.join(dir, 'captions.scc'), path.join(dir, 'captions.vtt')]
  await writeFile(sccPath, renderScenarist(pairs))
  await runFfmpeg(parts.tools, decodeClosedCaptions(sccPath, outputPath), { signal })
  const words = await readWords(outputPath)
  if (!words) return
  const track = { language: 'und', name: 'Closed captions', kind: 'captions', isDefault: false } as const
  await parts.catalogue.captionsFound(videoId, [{ origin: 'broadcast', source: 'CC1', ...track, ...words }])
}

async function showsCaptions(
  { store }: StepParts,
  { id }: PipelineVideo,
  { segments }: Timeline,
): Promise<boolean> {
  const step = Math.max(1, Math.floor(segments.length / LOOKS))
  for (let number = 0; number < segments.length; number += step) {
    const segment = await store.read(mediaKeys.segment(id, ORIGINAL, number))
    if (segment && hasClosedCaptions(segment)) return true
  }
  return false
}

/** Undefined: there are none, or ffmpeg wrote what is no WebVTT. */
export async function readWords(
  file: string,
): Promise<{ readonly cues: number; readonly text: string } | undefined> {
  try {
    const cues = parseWebVtt(await readFile(file, 'utf8'))
    return cues.length === 0 ? undefined : { cues: cues.length, text: renderWebVtt(cues) }
  } catch (error) {
    if (error instanceof CaptionFault) return undefined
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`ffprobe answered with what is no JSON: ${describeError(cause)}`, { cause })
  }
}
