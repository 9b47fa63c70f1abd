/**
 * One live stream and its viewers. Frames are handed on in batches: one write for each viewer every
 * few frames instead of one for each frame, which is most of what a viewer costs. A batch ends before
 * a keyframe, so that whoever was left behind can go on at a batch's beginning.
 */

import { type FrameBlocks, FrameLog } from './frame-log.ts'
import { type FrameKind, type FrameNote, readNote } from './frame-note.ts'
import { GopCache } from './gop-cache.ts'
import { encodeFrames, type LiveFormat } from './live-format.ts'
import { type LiveFrame, makeFrame } from './live-frame.ts'
import type { LiveViewer, ViewerEnding } from './live-viewer.ts'
import { AUDIO, type MediaMessage, VIDEO } from './media-message.ts'
import { StandingMessages } from './standing-messages.ts'

/** What was handed on, and when it is shown. */
export type SentNote = FrameNote & { readonly timestampMs: number }

export interface LiveStreamLimits {
  readonly maxGopBytes: number
  /** How long frames wait for others to travel with. */
  readonly batchMs: number
}

const MAX_BATCH_BYTES = 64 * 1024
/** Between the last frame of a lost connection and the first of the next, on the viewers' clock. */
const RESUME_GAP_MS = 40

export class LiveStream {
  readonly #limits: LiveStreamLimits
  readonly #gop: GopCache
  readonly #viewers = new Map<LiveFormat, Set<LiveViewer>>()
  #metadata: LiveFrame | undefined
  /** Decoder configurations and the like, of every track. */
  readonly #headers = new StandingMessages<LiveFrame>()
  #hasVideo = false
  readonly #batch: FrameLog
  /** Decoding can start at the batch's first frame. */
  #batchAtSync = false
  #timer: NodeJS.Timeout | undefined
  /** Added to the encoder's timestamps; undefined: to be found at the next message. */
  #shiftMs: number | undefined = 0
  #lastMs = 0

  constructor(limits: LiveStreamLimits, blocks: FrameBlocks) {
    this.#limits = limits
    this.#gop = new GopCache(limits.maxGopBytes, blocks)
    this.#batch = new FrameLog(blocks)
  }

  get viewerCount(): number {
    let count = 0
    for (const viewers of this.#viewers.values()) count += viewers.size
    return count
  }

  get queuedBytes(): number {
    let bytes = 0
    for (const viewers of this.#viewers.values()) for (const viewer of viewers) bytes += viewer.queuedBytes
    return bytes
  }

  get gopBytes(): number {
    return this.#gop.byteLength
  }

  /** Copies the message. Says what it is, with its time as viewers get it. */
  write(message: MediaMessage): SentNote {
    this.#shiftMs ??= this.#lastMs + RESUME_GAP_MS - message.timestampMs
    const note = readNote(message)
    const { type, kind, head } = note
    this.#lastMs = (message.timestampMs + this.#shiftMs) >>> 0
    // ffmpeg takes metadata at any other time than 0 for a subtitle track.
    const timestampMs = kind === 'metadata' ? 0 : this.#lastMs
    if (note.picture) this.#hasVideo = true
    if (kind === 'metadata') this.#metadata = makeFrame(type, timestampMs, head as Buffer)
    else if (kind === 'header') this.#keepHeader(note, makeFrame(type, timestampMs, head as Buffer))
    const sync = this.#isSync(type, kind)
    if (sync) this.flush()
    // Headers and metadata are sent before the cached frames, not among them.
    if (kind === 'sync' || kind === 'frame') this.#gop.add(message, timestampMs, sync)
    if (this.#viewers.size > 0) this.#enqueue(message, timestampMs, sync)
    return { ...note, timestampMs }
  }

  /** The encoder was lost and is back, or another took its place: its clock and its codecs may differ. */
  resume(): void {
    this.flush()
    this.#gop.clear()
    this.#metadata = undefined
    this.#headers.clear()
    this.#hasVideo = false
    this.#shiftMs = undefined
  }

  join(viewer: LiveViewer): void {
    this.flush()
    if (!viewer.fromNow) this.#welcome(viewer)
    const viewers = this.#viewers.get(viewer.format) ?? new Set()
    this.#viewers.set(viewer.format, viewers.add(viewer))
  }

  #welcome(viewer: LiveViewer): void {
    viewer.begin(this.#encodeHeaders(viewer.format))
    for (const bytes of this.#gop.encode(viewer.format)) viewer.begin(bytes)
    if (this.#gop.firstMs === undefined && this.#hasVideo) viewer.awaitSync()
  }

  leave(viewer: LiveViewer): void {
    const viewers = this.#viewers.get(viewer.format)
    viewers?.delete(viewer)
    if (viewers?.size === 0) this.#viewers.delete(viewer.format)
  }

  end(ending: ViewerEnding): void {
    this.flush()
    const viewers = [...this.#viewers.values()].flatMap((set) => [...set])
    this.#viewers.clear()
    for (const viewer of viewers) viewer.end(ending)
  }

  #keepHeader({ type, standing, picture }: FrameNote, frame: LiveFrame): void {
    if (!standing) return
    const ofDefaultTrack = type === VIDEO && standing.configuration && picture
    // The cached frames were made for the configuration before; some encoders repeat the same one.
    if (ofDefaultTrack && !this.#headers.get(standing.key)?.body.equals(frame.body)) this.#gop.clear()
    this.#headers.set(standing, frame, frame.body.byteLength)
  }

  /** Without video, every audio frame is a place to start. */
  #isSync(type: number, kind: FrameKind): boolean {
    return kind === 'sync' || (type === AUDIO && kind === 'frame' && !this.#hasVideo)
  }

  #encodeHeaders(format: LiveFormat): Buffer {
    const timestampMs = this.#gop.firstMs ?? this.#lastMs
    const timed = this.#headers.values().map((frame) => ({ ...frame, timestampMs }))
    return encodeFrames(format, this.#metadata ? [this.#metadata, ...timed] : timed)
  }

  /** Sends what waits for others to travel with. */
  flush(): void {
    if (this.#batch.byteLength === 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#batch.frames()
    const encoded = [...this.#viewers].map(([format, viewers]) => ({
      format,
      viewers,
      bytes: encodeFrames(format, batch),
    }))
    this.#batch.clear()
    for (const { format, viewers, bytes } of encoded) {
      for (const viewer of viewers) viewer.offer(bytes, this.#batchAtSync, () => this.#encodeHeaders(format))
    }
  }

  #enqueue(message: MediaMessage, timestampMs: number, sync: boolean): void {
    if (this.#batch.byteLength === 0) this.#batchAtSync = sync
    this.#batch.add(message, timestampMs)
    if (this.#batch.byteLength >= MAX_BATCH_BYTES) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#limits.batchMs)
  }
}
