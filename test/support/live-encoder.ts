/** An encoder without a network: messages written into the live hub, whose bytes say what they are. */
import { encodeAacTag } from '../../src/formats/flv/audio-tag.ts'
import { encodeMetadata } from '../../src/formats/flv/script-data.ts'
import { readTagHeader, TAG_HEADER_BYTES, TAG_TRAILER_BYTES } from '../../src/formats/flv/tag-header.ts'
import { encodeVideoTag } from '../../src/formats/flv/video-tag.ts'
import type { LivePublication } from '../../src/ingest/live-hub.ts'

const FLV_HEAD_BYTES = 13
const FRAME_MS = 40

export class LiveEncoder {
  readonly #publication: LivePublication
  #timestampMs = 0

  constructor(publication: LivePublication) {
    this.#publication = publication
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

  close(): void {
    this.#publication.close('unpublished')
  }

  #video(packet: 'sequence-start' | 'frame', keyframe: boolean, bytes: number): Buffer {
    return encodeVideoTag({ codec: 'avc', packet, keyframe, compositionMs: 0, data: Buffer.alloc(bytes, 1) })
  }

  #write(type: 8 | 9 | 18, body: Buffer): void {
    this.#publication.write({
      type,
      timestampMs: this.#timestampMs,
      parts: [body],
      byteLength: body.byteLength,
    })
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
  const names: string[] = []
  for (let at = FLV_HEAD_BYTES; ; ) {
    const header = readTagHeader(flv, at)
    const end = at + TAG_HEADER_BYTES + (header?.bodyBytes ?? 0)
    if (!header || end > flv.byteLength) return names
    names.push(frameName(header.type, flv.subarray(at + TAG_HEADER_BYTES, end)))
    at = end + TAG_TRAILER_BYTES
  }
}
