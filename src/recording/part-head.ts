/**
 * What a part must begin with to be played by itself: metadata, and the decoder configurations of every
 * track with what describes them. Watches the messages of a session for them, and says when a
 * configuration is another than before.
 *
 * A part that goes on with a session (its configuration changed) begins with a script tag
 * `onRepriseContinued`, then the headers again: readers go on with the clock they have.
 */
import { encodeAmf0Values, readAmf0Values } from '../formats/amf0.ts'
import { readMetadata } from '../formats/flv/script-data.ts'
import { mayStand, readStanding } from '../formats/flv/standing-message.ts'
import { DATA, type MediaMessage } from '../ingest/media-message.ts'
import { StandingMessages } from '../ingest/standing-messages.ts'

const CONTINUED = 'onRepriseContinued'

/** More of a header than this is no header: nothing is kept of it. */
const MAX_HEADER_BYTES = 256 * 1024

export class PartHead {
  #metadata: Buffer | undefined
  readonly #standing = new StandingMessages<{ type: MediaMessage['type']; body: Buffer }>()
  #latest = ''

  /**
   * Takes note of a message. `changed`: it is a decoder configuration other than the one before it in
   * this session, so a new part begins with it; a repeated one is nothing new.
   */
  observe(message: MediaMessage): 'changed' | 'same' {
    const { type, parts, byteLength } = message
    const [beginning] = parts
    if (!beginning || byteLength > MAX_HEADER_BYTES) return 'same'
    if (type !== DATA && !mayStand(type, beginning)) return 'same'
    const body = Buffer.concat(parts)
    if (type === DATA) {
      if (readMetadata(body)) this.#metadata = body
      return 'same'
    }
    const standing = readStanding(type, body)
    if (!standing) return 'same'
    const { key, configuration } = standing
    const before = this.#standing.get(key)
    if (before?.body.equals(body)) return 'same'
    this.#standing.set(standing, { type, body }, byteLength)
    this.#latest = key
    return before && configuration ? 'changed' : 'same'
  }

  /** The messages to begin a new part with, at this timestamp, but for the one observed last: it follows by itself. */
  messages(timestampMs: number): MediaMessage[] {
    const make = (type: MediaMessage['type'], body: Buffer): MediaMessage => ({
      type,
      timestampMs,
      parts: [body],
      byteLength: body.length,
    })
    const latest = this.#standing.get(this.#latest)
    return [
      make(DATA, encodeAmf0Values([CONTINUED])),
      ...(this.#metadata ? [make(DATA, this.#metadata)] : []),
      ...this.#standing.values().flatMap((kept) => (kept === latest ? [] : [make(kept.type, kept.body)])),
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
