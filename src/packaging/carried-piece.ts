/**
 * Packets that no browser has a use for, kept as they came for the encoder: those of one segment, with their
 * places on the timeline, which FLV's milliseconds would round.
 *
 *     {"packets":[[seconds, bytes, key], …]}\n  payloads, one after the other
 */
export interface CarriedPacket {
  readonly data: Uint8Array
  /** When it is shown or heard. */
  readonly seconds: number
  readonly key: boolean
}

export function encodeCarriedPiece(packets: readonly CarriedPacket[]): Buffer {
  const head = { packets: packets.map(({ seconds, data, key }) => [seconds, data.byteLength, Number(key)]) }
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...packets.map(({ data }) => data)])
}

/** Throws SyntaxError on what is none. */
export function readCarriedPiece(piece: Uint8Array): CarriedPacket[] {
  const line = piece.indexOf(0x0a)
  const head = JSON.parse(Buffer.from(piece.subarray(0, line)).toString('utf8')) as {
    packets: [number, number, number][]
  }
  let at = line + 1
  return head.packets.map(([seconds, bytes, key]) => {
    const data = piece.subarray(at, at + bytes)
    at += bytes
    return { seconds, data, key: key === 1 }
  })
}
