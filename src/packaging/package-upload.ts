/**
 * Repackages an uploaded file whose pictures are H.264 into the original rendition, packet for
 * packet, without reading more of it at once than a segment. Segments appear as it goes.
 */
import { open } from 'node:fs/promises'
import { describeError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import { AUDIO_RENDITION, mediaKeys, ORIGINAL } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import type { LogParts } from '../recording/broadcast-log.ts'
import { showsAllItHolds } from './edit-lists.ts'
import type { WantedTracks } from './open-upload.ts'
import { packageBroadcast } from './package-broadcast.ts'
import { readUpload } from './read-upload.ts'
import type { TimelineEvents } from './segment-to-write.ts'
import { TimelineWriter } from './timeline-writer.ts'
import { CannotBePassed } from './upload-segments.ts'

export interface PackageUploadOptions extends TimelineEvents, WantedTracks {
  /** Absolute path of the file. */
  readonly input: string
  readonly video: VideoId
  readonly store: MediaStore
  /** Seconds of the file that are done. */
  readonly onProgress?: (seconds: number) => void
  readonly signal?: AbortSignal
}

export type PackagedUpload =
  | {
      readonly outcome: 'packaged'
      readonly segments: number
      readonly durationSeconds: number
      /** The file's audio is in the timeline, or carried beside it. */
      readonly audioPassed: boolean
      /** Seconds into the file's own clock at which the timeline is 0: what an encoder of its audio must be told. */
      readonly originSeconds: number
      /** The file could be read up to here only, and this is why. */
      readonly truncated?: string
    }
  /** The container cannot be read here: copy it into Matroska first, and come again. */
  | { readonly outcome: 'needs-remux'; readonly reason: string }
  /** The pictures have to be encoded. Nothing was left in the store. */
  | { readonly outcome: 'not-passable'; readonly reason: string }

/** Rejects when the store fails, or with the signal's reason; what was written before is taken away first. */
export async function packageUpload(options: PackageUploadOptions): Promise<PackagedUpload> {
  // A run before this one may have been killed: its lines must not be added to.
  await forgetPackaged(options)
  try {
    const packaged = (await isFlv(options.input)) ? await packageFlv(options) : await packageFile(options)
    if (packaged.outcome !== 'packaged') await forgetPackaged(options)
    return packaged
  } catch (error) {
    await forgetPackaged(options).catch(() => undefined)
    throw error
  }
}

async function packageFile(options: PackageUploadOptions): Promise<PackagedUpload> {
  const { store, video, signal, input, passAudio, pictures } = options
  if (!(await showsAllItHolds(input)))
    return { outcome: 'not-passable', reason: 'Its edit list hides a part of what it holds.' }
  const opened = await readUpload({ input, passAudio, pictures }, signal)
  if ('outcome' in opened) return opened
  await using reading = opened
  const writer = await TimelineWriter.open(store, video, options)
  let truncated: string | undefined
  try {
    for await (const segment of reading.segments) {
      await writer.add(segment)
      options.onProgress?.(segment.end)
    }
  } catch (error) {
    // What is on its way to the store arrives before anything is taken away again.
    await writer.settled().catch(() => undefined)
    if (signal?.aborted || writer.failed) throw error
    if (error instanceof CannotBePassed) {
      return { outcome: 'not-passable', reason: error.message }
    }
    truncated = describeError(error)
  }
  signal?.throwIfAborted()
  if (writer.segments === 0) {
    return { outcome: 'needs-remux', reason: truncated ?? 'No pictures were found in it.' }
  }
  await writer.end()
  return {
    outcome: 'packaged',
    segments: writer.segments,
    durationSeconds: writer.duration,
    audioPassed: reading.audio !== undefined,
    originSeconds: reading.originSeconds,
    ...(truncated === undefined ? {} : { truncated }),
  }
}

/** Our own reader knows what encoders put into FLV. */
async function packageFlv(options: PackageUploadOptions): Promise<PackagedUpload> {
  const { store, video, signal, input, onProgress } = options
  const log: LogParts = {
    nextPart: async (part) => (part === 0 ? { part, file: input, foreign: true } : undefined),
  }
  let audioPassed = false
  const packaged = await packageBroadcast({
    log,
    store,
    video,
    ...(signal ? { signal } : {}),
    onInit: (init) => {
      audioPassed ||= (init.audio ?? init.carriedAudio) !== undefined
      options.onInit?.(init)
    },
    onSegment: (segment, init) => {
      onProgress?.(segment.start + segment.duration)
      options.onSegment?.(segment, init)
    },
  })
  signal?.throwIfAborted()
  const picture = packaged.leftOut.find((track) => track.track === 'video')
  if (picture) return { outcome: 'not-passable', reason: picture.reason }
  if (packaged.segments === 0) return { outcome: 'not-passable', reason: 'No pictures were found in it.' }
  return {
    outcome: 'packaged',
    segments: packaged.segments,
    durationSeconds: packaged.durationSeconds,
    audioPassed,
    originSeconds: packaged.originSeconds ?? 0,
  }
}

async function isFlv(file: string): Promise<boolean> {
  await using handle = await open(file, 'r')
  const bytes = Buffer.alloc(3)
  await handle.read(bytes, 0, bytes.length, 0)
  return bytes.toString('latin1') === 'FLV'
}

/** Takes what was written away again. */
export async function forgetPackaged({
  store,
  video,
  passAudio,
}: Pick<PackageUploadOptions, 'store' | 'video' | 'passAudio'>): Promise<void> {
  await store.remove(mediaKeys.timeline(video))
  await store.remove(mediaKeys.rendition(video, ORIGINAL))
  // Encoded audio is the pipeline's, and may be there from before.
  if (passAudio) await store.remove(mediaKeys.rendition(video, AUDIO_RENDITION))
  await store.remove(mediaKeys.allCarried(video))
}
