/**
 * Owner of every path. In the media store:
 *
 *     <video>/timeline.jsonl            the timeline (packaging/timeline.ts); grows
 *     <video>/original/init-<i>.mp4     the source's own pictures, passed through
 *     <video>/original/<n>.m4s
 *     <video>/audio/init-<i>.mp4        shared by all renditions
 *     <video>/audio/<n>.m4s
 *     <video>/<rung>/init.mp4           encoded renditions, such as 480p
 *     <video>/<rung>/<n>.m4s
 *     <video>/carried/<n>.audio, <n>.video   what browsers do not play, for the encoder (packaging/carried-piece.ts)
 *     <video>/waveform.json             what its sound looks like (pipeline/waveform.ts)
 *     <video>/poster/<name>.jpg, <name>-card.jpg   named by what they show
 *     <video>/poster.jpg                the same, from before posters had names
 *     <video>/preview/<name>.webp       what cards show under the mouse
 *     <video>/storyboard/<n>.jpg        sheets of small pictures (pipeline/storyboard)
 *     .aside/                           what is being written; no key names it
 *
 * and under STORAGE_DIR:
 *
 *     recordings/<broadcast>/<part>.flv, <part>.idx
 *     uploads/<upload>/source<ext>
 *     tmp/<process>/, <process>.lock    of a running process; what a dead one left is removed (setup/workspace.ts)
 *     ingest.sock                       ingest answers a web in another process (composition/ingest-link.ts)
 *     postgres/                         the embedded database
 *     secret                            what signs sessions and media addresses
 */
import path from 'node:path'
import type { BroadcastId, UploadId, VideoId } from '../kernel/ids.ts'

/** A key in the media store: relative, forward slashes, made only here. */
export type MediaKey = string & { readonly __brand: 'MediaKey' }

const key = (...parts: readonly (string | number)[]) => parts.join('/') as MediaKey

export const mediaKeys = {
  video: (video: VideoId) => key(video),
  timeline: (video: VideoId) => key(video, 'timeline.jsonl'),
  /** Passed-through renditions have an init for each decoder configuration, encoded ones a single `init.mp4`. */
  init: (video: VideoId, rendition: string, init?: number) =>
    key(video, rendition, init === undefined ? 'init.mp4' : `init-${init}.mp4`),
  segment: (video: VideoId, rendition: string, number: number) => key(video, rendition, `${number}.m4s`),
  rendition: (video: VideoId, rendition: string) => key(video, rendition),
  carried: (video: VideoId, kind: 'audio' | 'video', number: number) =>
    key(video, 'carried', `${number}.${kind}`),
  allCarried: (video: VideoId) => key(video, 'carried'),
  /** A worker's own, for a moment: pipeline/self-test.ts. */
  selfTest: (id: string) => key(`self-test-${id}`),
  waveform: (video: VideoId) => key(video, 'waveform.json'),
  poster: (video: VideoId) => key(video, 'poster.jpg'),
  posterPicture: (video: VideoId, name: string, size: 'page' | 'card') =>
    key(video, 'poster', size === 'card' ? `${name}-card.jpg` : `${name}.jpg`),
  preview: (video: VideoId, name: string) => key(video, 'preview', `${name}.webp`),
  storyboardSheet: (video: VideoId, number: number) => key(video, 'storyboard', `${number}.jpg`),
} as const

export const ORIGINAL = 'original'
export const AUDIO_RENDITION = 'audio'

/** Absolute paths below STORAGE_DIR. */
export function makeStoragePaths(storageDir: string) {
  return {
    root: storageDir,
    postgres: path.join(storageDir, 'postgres'),
    tmp: path.join(storageDir, 'tmp'),
    ingestSocket: path.join(storageDir, 'ingest.sock'),
    firstRun: path.join(storageDir, 'first-run.json'),
    secret: path.join(storageDir, 'secret'),
    recordings: path.join(storageDir, 'recordings'),
    recording: (broadcast: BroadcastId) => path.join(storageDir, 'recordings', broadcast),
    recordingPart: (broadcast: BroadcastId, part: number) =>
      path.join(storageDir, 'recordings', broadcast, `${part}.flv`),
    recordingIndex: (broadcast: BroadcastId, part: number) =>
      path.join(storageDir, 'recordings', broadcast, `${part}.idx`),
    uploads: path.join(storageDir, 'uploads'),
    upload: (upload: UploadId) => path.join(storageDir, 'uploads', upload),
  } as const
}
export type StoragePaths = ReturnType<typeof makeStoragePaths>
