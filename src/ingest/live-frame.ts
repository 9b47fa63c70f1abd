/** A message on its way to viewers. */
import { defaultTrackBody } from '../formats/flv/default-track.ts'
import { DATA, type MediaMessage } from './media-message.ts'

export interface LiveFrame {
  readonly type: MediaMessage['type']
  /** As players get it: continues when the encoder comes back. Unsigned 32 bits, wraps. */
  readonly timestampMs: number
  /** As it came. */
  readonly body: Buffer
  /** For players that know the default track alone: the same bytes, mostly; undefined: nothing of it is for them. */
  readonly plain: Uint8Array | undefined
}

export function makeFrame(type: MediaMessage['type'], timestampMs: number, body: Buffer): LiveFrame {
  return { type, timestampMs, body, plain: type === DATA ? body : defaultTrackBody(type, body) }
}
