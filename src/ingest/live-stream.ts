/**
 * One live stream and its viewers. Frames are handed on in batches: one write for each viewer every
 * few frames instead of one for each frame, which is most of what a viewer costs. A batch ends before
 * a keyframe, so that whoever was left behind can go on at a batch's beginning.
 */

import { EncodedGop } from './encoded-gop.ts'
import { GopCache } from './gop-cache.ts'
import { encodeFrames, type LiveFormat } from './live-format.ts'
import { detached, FrameStore, type LiveFrame } from './live-frame.ts'
import type { LiveViewer, ViewerEnding } from './live-viewer.ts'
import { AUDIO, type MediaMessage, VIDEO } from './media-message.ts'
import { StandingMessages } from './standing-messages.ts'

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
  readonly #store = new FrameStore()
  readonly #gop: GopCache
  readonly #encodedGop = new EncodedGop()
  readonly #viewers = new Map<LiveFormat, Set<LiveViewer>>()
  #metadata: LiveFrame | undefined
  /** Decoder configurations and the like, of every track. */
  readonly #headers = new StandingMessages<LiveFrame>()
  #hasVideo = false
  #batch: LiveFrame[] = []
  #batchBytes = 0
  #timer: NodeJS.Timeout | undefined
  /** Added to the encoder's timestamps; undefined: to be found at the next message. */
  #shiftMs: number | undefined = 0
  #lastMs = 0

  constructor(limits: LiveStreamLimits) {
    this.#limits = limits
    this.#gop = new GopCache(limits.maxGopBytes)
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

  /** Copies the message. */
  write(message: MediaMessage): LiveFrame {
    this.#shiftMs ??= this.#lastMs + RESUME_GAP_MS - message.timestampMs
    const timestampMs = (message.timestampMs + this.#shiftMs) >>> 0
    this.#lastMs = timestampMs
    const stored = this.#store.add(message, timestampMs)
    // ffmpeg takes metadata at any other time than 0 for a subtitle track.
    const frame = stored.kind === 'metadata' ? { ...stored, timestampMs: 0 } : stored
    if (frame.type === VIDEO && frame.plain) this.#hasVideo = true
    if (frame.kind === 'metadata') this.#metadata = detached(frame)
    else if (frame.kind === 'header') this.#keepHeader(detached(frame))
    const sync = this.#isSync(frame)
    if (sync) this.#flush()
    // Headers and metadata are sent before the cached frames, not among them.
    if (frame.kind === 'sync' || frame.kind === 'frame') this.#gop.add(frame, sync)
    if (this.#viewers.size > 0) this.#enqueue(frame)
    return frame
  }

  /** The encoder was lost and is back, or another took its place: its clock and its codecs may differ. */
  resume(): void {
    this.#flush()
    this.#gop.clear()
    this.#metadata = undefined
    this.#headers.clear()
    this.#hasVideo = false
    this.#shiftMs = undefined
  }

  join(viewer: LiveViewer): void {
    this.#flush()
    if (!viewer.fromNow) this.#welcome(viewer)
    const viewers = this.#viewers.get(viewer.format) ?? new Set()
    this.#viewers.set(viewer.format, viewers.add(viewer))
  }

  #welcome(viewer: LiveViewer): void {
    viewer.begin(this.#encodeHeaders(viewer.format))
    const { frames } = this.#gop
    for (const bytes of this.#encodedGop.encode(viewer.format, frames)) viewer.begin(bytes)
    if (frames.length === 0 && this.#hasVideo) viewer.awaitSync()
  }

  leave(viewer: LiveViewer): void {
    const viewers = this.#viewers.get(viewer.format)
    viewers?.delete(viewer)
    if (viewers?.size === 0) this.#viewers.delete(viewer.format)
  }

  end(ending: ViewerEnding): void {
    this.#flush()
    const viewers = [...this.#viewers.values()].flatMap((set) => [...set])
    this.#viewers.clear()
    for (const viewer of viewers) viewer.end(ending)
  }

  #keepHeader(frame: LiveFrame): void {
    const { type, standing, body, plain } = frame
    if (!standing) return
    const ofDefaultTrack = type === VIDEO && standing.configuration && plain
    // The cached frames were made for the configuration before; some encoders repeat the same one.
    if (ofDefaultTrack && !this.#headers.get(standing.key)?.body.equals(body)) this.#gop.clear()
    this.#headers.set(standing, frame, body.byteLength)
  }

  /** Without video, every audio frame is a place to start. */
  #isSync(frame: LiveFrame): boolean {
    return frame.kind === 'sync' || (frame.type === AUDIO && frame.kind === 'frame' && !this.#hasVideo)
  }

  #encodeHeaders(format: LiveFormat): Buffer {
    const timestampMs = this.#gop.frames[0]?.timestampMs ?? this.#lastMs
    const timed = this.#headers.values().map((frame) => ({ ...frame, timestampMs }))
    return encodeFrames(format, this.#metadata ? [this.#metadata, ...timed] : timed)
  }

  #enqueue(frame: LiveFrame): void {
    this.#batch.push(frame)
    this.#batchBytes += frame.body.byteLength
    if (this.#batchBytes >= MAX_BATCH_BYTES) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), this.#limits.batchMs)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const [first] = this.#batch
    if (!first) return
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    const sync = this.#isSync(first)
    for (const [format, viewers] of this.#viewers) {
      const bytes = encodeFrames(format, batch)
      for (const viewer of viewers) viewer.offer(bytes, sync, () => this.#encodeHeaders(format))
    }
  }
}
