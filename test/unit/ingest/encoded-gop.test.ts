import { expect, it } from 'vitest'
import { EncodedGop } from '../../../src/ingest/encoded-gop.ts'
import { GopCache } from '../../../src/ingest/gop-cache.ts'
import { encodeFrames, FLV_FORMAT, rtmpFormat } from '../../../src/ingest/live-format.ts'
import type { LiveFrame } from '../../../src/ingest/live-frame.ts'

const frame = (timestampMs: number): LiveFrame => {
  const body = Buffer.alloc(300, timestampMs)
  return { type: 9, kind: 'frame', timestampMs, body, plain: body, standing: undefined }
}

it('gives who joins later the same bytes, and only what came since anew', () => {
  const gop = new GopCache(10_000)
  const encoded = new EncodedGop()
  gop.add(frame(0), true)
  gop.add(frame(40), false)
  const [first] = encoded.encode(FLV_FORMAT, gop.frames)
  gop.add(frame(80), false)
  const later = encoded.encode(FLV_FORMAT, gop.frames)
  expect(later[0]).toBe(first)
  expect(Buffer.concat([...later])).toEqual(encodeFrames(FLV_FORMAT, gop.frames))
  expect(encoded.encode(FLV_FORMAT, gop.frames)).toEqual(later)
})

it('keeps formats and groups of pictures apart', () => {
  const gop = new GopCache(10_000)
  const encoded = new EncodedGop()
  for (const timestampMs of [0, 2000]) {
    gop.add(frame(timestampMs), true)
    for (const format of [FLV_FORMAT, rtmpFormat(1), rtmpFormat(2)])
      expect(Buffer.concat([...encoded.encode(format, gop.frames)])).toEqual(
        encodeFrames(format, [frame(timestampMs)]),
      )
  }
  gop.clear()
  expect(encoded.encode(FLV_FORMAT, gop.frames)).toEqual([])
})
