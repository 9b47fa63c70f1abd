/** An encoder without a codec: messages whose bytes say what they are, and what viewers made of them. */
import { encodeAacTag } from '../../src/formats/flv/audio-tag.ts'
import { encodeMetadata } from '../../src/formats/flv/script-data.ts'
import { readTagHeader, TAG_HEADER_BYTES, TAG_TRAILER_BYTES } from '../../src/formats/flv/tag-header.ts'
import { encodeVideoTag } from '../../src/formats/flv/video-tag.ts'
import type { MediaMessage } from '../../src/ingest/media-message.ts'

const FLV_HEAD_BYTES = 13
const FRAME_MS = 40

export class LiveEncoder {
  readonly #send: (message: MediaMessage) => void
  #timestampMs = 0
  #sent = 0

  constructor(send: (message: MediaMessage) => void) {
    this.#send = send
  }

  /** Messages so far. */
  get sent(): number {
    return this.#sent
  }

  /** Metadata and both decoder configurations. */
  begin(): void {
    this.#write(18, encodeMetadata({ width: 1280 }))
    this.#write(9, this.#video('sequence-start', true, 8))
    this.#write(8, encodeAacTag('sequence-start', Buffer.of(0x11, 0x90)))
  }

  /** A keyframe and `frames - 1` others, each with a sound. */
  group(frames: number, bytes = 100): void {
    for (let i = 0; i < frames; i += 1) {
      this.#write(9, this.#video('frame', i === 0, bytes))
      this.#write(8, encodeAacTag('frame', Buffer.alloc(20, 3)))
      this.#timestampMs += FRAME_MS
    }
  }

  #video(packet: 'sequence-start' | 'frame', keyframe: boolean, bytes: number): Buffer {
    return encodeVideoTag({ codec: 'avc', packet, keyframe, compositionMs: 0, data: Buffer.alloc(bytes, 1) })
  }

  #write(type: MediaMessage['type'], body: Buffer): void {
    this.#sent += 1
    this.#send({ type, timestampMs: this.#timestampMs, parts: [body], byteLength: body.byteLength })
  }
}

/** Of a message's type and body: "metadata", "video header", "audio header", "keyframe", "frame" or "sound". */
export function frameName(type: number, body: Uint8Array): string {
  if (type === 18) return 'metadata'
  const configuration = body[1] === 0
  if (type === 8) return configuration ? 'audio header' : 'sound'
  if (configuration) return 'video header'
  return body[0] === 0x17 ? 'keyframe' : 'frame'
}

/** Names of the whole tags of an FLV with its file header. */
export function flvFrames(flv: Buffer): string[] {
  const reader = new FlvFrames()
  reader.push(flv)
  return [...reader.names]
}

/** The same of one that grows. */
export class FlvFrames {
  readonly names: string[] = []
  #rest = Buffer.alloc(0)
  #started = false

  push(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    if (!this.#started && this.#rest.byteLength >= FLV_HEAD_BYTES) {
      this.#started = true
      this.#rest = this.#rest.subarray(FLV_HEAD_BYTES)
    }
    while (this.#started) {
      const header = readTagHeader(this.#rest, 0)
      const end = TAG_HEADER_BYTES + (header?.bodyBytes ?? 0)
      if (!header || end + TAG_TRAILER_BYTES > this.#rest.byteLength) return
      this.names.push(frameName(header.type, this.#rest.subarray(TAG_HEADER_BYTES, end)))
      this.#rest = this.#rest.subarray(end + TAG_TRAILER_BYTES)
    }
  }
}
