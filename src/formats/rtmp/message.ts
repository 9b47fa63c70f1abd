/**
 * What travels in chunks: a message, its type, its time and the message stream it belongs to.
 * Spec: RTMP 1.0 (21 Dec 2012) §5.4, §6.1, §7.1.
 */
export const MESSAGE_TYPE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  data: 18,
  command: 20,
  aggregate: 22,
} as const

export interface RtmpMessage {
  readonly type: number
  /** Absolute, unsigned 32 bits, milliseconds; wraps. */
  readonly timestampMs: number
  readonly streamId: number
  /** The body in order. Views of the reader's and the socket's buffers: valid until the reader's next call. */
  readonly parts: readonly Uint8Array[]
  readonly byteLength: number
}

/** A message to send. */
export interface OutgoingMessage {
  readonly csid: number
  readonly type: number
  readonly timestampMs: number
  readonly streamId: number
  readonly body: Uint8Array
}

const KIB = 1024
const MIB = 1024 * KIB

/**
 * The largest body we take of a type, in bytes. The format's own limit is 2^24 - 1. `media`: audio and
 * video are expected; else nobody has reason to send much.
 */
export function maxBodyBytes(type: number, media: boolean): number {
  if (!media && type > MESSAGE_TYPE.setPeerBandwidth) return 64 * KIB
  switch (type) {
    case MESSAGE_TYPE.video:
    case MESSAGE_TYPE.aggregate:
      return 16 * MIB
    case MESSAGE_TYPE.audio:
    case MESSAGE_TYPE.data:
    case MESSAGE_TYPE.dataAmf3:
      return MIB
    case MESSAGE_TYPE.command:
    case MESSAGE_TYPE.commandAmf3:
      return 64 * KIB
    default:
      return type <= MESSAGE_TYPE.setPeerBandwidth ? 64 : 64 * KIB
  }
}

/** The body as one array; no copy when it is in one piece already. */
export function joinParts(parts: readonly Uint8Array[], byteLength: number): Uint8Array {
  const [first] = parts
  return parts.length === 1 && first ? first : Buffer.concat(parts, byteLength)
}
