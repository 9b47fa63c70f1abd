/**
 * Reads one uploaded file in a thread of its own and gives its segments out one by one, as they are asked
 * for: read-upload.ts is the other side. A file may be made so that its tables fill any memory, or that
 * reading them never ends: then the thread dies, and nothing else.
 */
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { ALL_FORMATS, FilePathSource, Input } from 'mediabunny'
import { describeError } from '../kernel/errors.ts'
import { type NotOpened, openTracks, type WantedTracks } from './open-upload.ts'
import type { MuxAudioTrack, MuxPacket, MuxVideoTrack } from './segment-muxer.ts'
import type { SegmentToWrite } from './segment-to-write.ts'
import { CannotBePassed, readUploadSegments } from './upload-segments.ts'

/** What the thread is started with. */
export interface UploadToRead extends WantedTracks {
  /** Absolute path. */
  readonly input: string
}

/** In this order: `refused`, or `opened`, then for each message that comes in a `segment`, and once `end`. */
export type FromUploadThread =
  | { readonly kind: 'refused'; readonly why: NotOpened }
  | {
      readonly kind: 'opened'
      readonly video: MuxVideoTrack
      readonly audio: MuxAudioTrack | undefined
      readonly originSeconds: number
    }
  | { readonly kind: 'segment'; readonly segment: Omit<SegmentToWrite, 'video' | 'audio'> }
  /** `cannotBePassed`: what was given out is void. Otherwise it could be read up to here only. */
  | { readonly kind: 'end'; readonly cannotBePassed?: string; readonly truncated?: string }

async function serve(port: NonNullable<typeof parentPort>, file: UploadToRead): Promise<void> {
  const tell = (message: FromUploadThread, transfer: ArrayBuffer[] = []) =>
    port.postMessage(message, transfer)
  const input = new Input({ source: new FilePathSource(file.input), formats: ALL_FORMATS })
  const tracks = await openTracks(input, file)
  if ('outcome' in tracks) return tell({ kind: 'refused', why: tracks })
  let asked = once(port, 'message')
  const { originSeconds } = tracks
  tell({ kind: 'opened', video: tracks.video.track, audio: tracks.audio?.track, originSeconds })
  try {
    for await (const { video: _, audio: __, ...segment } of readUploadSegments(tracks)) {
      await asked
      asked = once(port, 'message')
      const [videoPackets, pictures] = together(segment.videoPackets)
      const [audioPackets, sound] = together(segment.audioPackets)
      tell({ kind: 'segment', segment: { ...segment, videoPackets, audioPackets } }, [pictures, sound])
    }
    tell({ kind: 'end' })
  } catch (error) {
    if (error instanceof CannotBePassed) tell({ kind: 'end', cannotBePassed: error.message })
    else tell({ kind: 'end', truncated: describeError(error) })
  }
}

/** In one buffer that goes over as it is: a packet alone would take along what was read around it. */
function together(packets: readonly MuxPacket[]): [MuxPacket[], ArrayBuffer] {
  const all = new Uint8Array(packets.reduce((sum, { data }) => sum + data.byteLength, 0))
  let at = 0
  const moved = packets.map((packet) => {
    const data = all.subarray(at, at + packet.data.byteLength)
    data.set(packet.data)
    at += packet.data.byteLength
    return { ...packet, data }
  })
  return [moved, all.buffer]
}

if (parentPort) {
  await serve(parentPort, workerData as UploadToRead)
  parentPort.close()
}
