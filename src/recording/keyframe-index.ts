/**
 * `<part>.idx`: where the keyframes of a part are, so that a place can be found without reading it all.
 * Append-only records of 16 bytes, big endian; the index is advice and is rebuilt from the part.
 *
 *     offset:64 of the keyframe's tag   timestamp:32 raw, ms   check:32 offset ^ timestamp, folded
 */
export const INDEX_RECORD_BYTES = 16

export interface IndexRecord {
  readonly offset: number
  readonly timestampMs: number
}

export function encodeIndexRecord(record: IndexRecord): Buffer {
  const bytes = Buffer.alloc(INDEX_RECORD_BYTES)
  bytes.writeBigUInt64BE(BigInt(record.offset), 0)
  bytes.writeUInt32BE(record.timestampMs, 8)
  bytes.writeUInt32BE(check(bytes), 12)
  return bytes
}

/** Whole and undamaged records from the beginning; what follows damage is left out. */
export function readIndex(bytes: Uint8Array): IndexRecord[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: IndexRecord[] = []
  for (let at = 0; at + INDEX_RECORD_BYTES <= view.length; at += INDEX_RECORD_BYTES) {
    const record = view.subarray(at, at + INDEX_RECORD_BYTES)
    if (record.readUInt32BE(12) !== check(record)) break
    records.push({ offset: Number(record.readBigUInt64BE(0)), timestampMs: record.readUInt32BE(8) })
  }
  return records
}

/** Never 0 for a record of zeros, which is what a lost block reads as. */
function check(record: Buffer): number {
  return (record.readUInt32BE(0) ^ record.readUInt32BE(4) ^ record.readUInt32BE(8) ^ 0x5250_4958) >>> 0
}
