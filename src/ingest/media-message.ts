/** An RTMP audio, video or data message as it arrived. RTMP 1.0 (21 Dec 2012) §7.1; type ids are FLV tag types too (FLV 10.1 §E.4.1). */
export const AUDIO = 8
export const VIDEO = 9
export const DATA = 18

export interface MediaMessage {
  readonly type: typeof AUDIO | typeof VIDEO | typeof DATA
  /** Absolute, unsigned 32 bits, milliseconds; wraps. */
  readonly timestampMs: number
  /** The body in order, in views of the socket's buffers: valid only during the call that hands it over. */
  readonly parts: readonly Uint8Array[]
  readonly byteLength: number
}
