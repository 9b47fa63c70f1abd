/**
 * What a part must begin with to be played by itself: metadata and decoder configurations. Watches
 * the messages of a session for them, and says when one is another than before.
 *
 * A part that goes on with a session (its configuration changed) begins with a script tag
 * `onRepriseContinued`, then the headers again: readers go on with the clock they have.
 */
import { encodeAmf0Values, readAmf0Values } from '../formats/amf0.ts'
import { readAudioTag } from '../formats/flv/audio-tag.ts'
import { readMetadata } from '../formats/flv/script-data.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../ingest/media-message.ts'

const CONTINUED = 'onRepriseContinued'

/** More of a header than this is no header: nothing is kept of it. */
const MAX_HEADER_BYTES = 256 * 1024

export class PartHead {
  #metadata: Buffer | undefined
  readonly #configurations = new Map<number, Buffer>()

  /**
   * Takes note of a message. `changed`: it is a decoder configuration other than the one before it in
   * this session, so a new part begins with it; a repeated one is nothing new.
   */
  observe(message: MediaMessage): 'changed' | 'same' {
    if (message.byteLength > MAX_HEADER_BYTES || !isHeader(message)) return 'same'
    const body = Buffer.concat(message.parts)
    if (message.type === DATA) {
      if (readMetadata(body)) this.#metadata = body
      return 'same'
    }
    const before = this.#configurations.get(message.type)
    if (before?.equals(body)) return 'same'
    this.#configurations.set(message.type, body)
    return before ? 'changed' : 'same'
  }

  /** The messages to begin a new part with, at this timestamp; `except` is the type that follows by itself. */
  messages(timestampMs: number, except: number): MediaMessage[] {
    const make = (type: MediaMessage['type'], body: Buffer | undefined): MediaMessage[] =>
      body ? [{ type, timestampMs, parts: [body], byteLength: body.length }] : []
    return [
      ...make(DATA, encodeAmf0Values([CONTINUED])),
      ...make(DATA, this.#metadata),
      ...[VIDEO, AUDIO].flatMap((type) =>
        type === except ? [] : make(type as MediaMessage['type'], this.#configurations.get(type)),
      ),
    ]
  }
}

/** True for the script tag that says: this part goes on with the session of the part before. */
export function isContinuedMark(body: Uint8Array): boolean {
  try {
    return readAmf0Values(body)[0] === CONTINUED
  } catch {
    return false
  }
}

/** Looks at the first bytes only: this is asked of every message. */
function isHeader(message: MediaMessage): boolean {
  if (message.type === DATA) return true
  const part = message.parts[0]
  const first = part?.[0]
  if (part === undefined || first === undefined) return false
  const enhanced = message.type === VIDEO ? (first & 0x80) !== 0 : first >> 4 === 9
  // Legacy codecs with a configuration say by their second byte whether this is one.
  if (!enhanced && part.byteLength > 1 && part[1] !== 0) return false
  if (!enhanced && message.type === AUDIO && first >> 4 !== 10) return false
  // A view that holds less than a header's beginning is rare: then all of it is put together.
  const head = part.byteLength >= 16 || message.parts.length === 1 ? part : Buffer.concat(message.parts)
  const tag = message.type === VIDEO ? readVideoTag(head) : readAudioTag(head)
  return tag?.packet === 'sequence-start'
}
