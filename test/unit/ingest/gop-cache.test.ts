import { expect, it } from 'vitest'
import { FrameBlocks } from '../../../src/ingest/frame-log.ts'
import { GopCache } from '../../../src/ingest/gop-cache.ts'
import { encodeFrames, FLV_FORMAT, rtmpFormat } from '../../../src/ingest/live-format.ts'
import { makeFrame } from '../../../src/ingest/live-frame.ts'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'

const body = (timestampMs: number, bytes: number) => Buffer.alloc(bytes, 0x27 + (timestampMs % 50))
const message = (timestampMs: number, bytes = 300): MediaMessage => {
  const whole = body(timestampMs, bytes)
  return { type: 9, timestampMs, parts: [whole.subarray(0, 100), whole.subarray(100)], byteLength: bytes }
}
const frame = (timestampMs: number, bytes = 300) => makeFrame(9, timestampMs, body(timestampMs, bytes))

it('gives who joins later the same bytes, and only what came since anew', () => {
  const gop = new GopCache(10_000, new FrameBlocks())
  gop.add(message(0), 0, true)
  gop.add(message(40), 40, false)
  const [first] = gop.encode(FLV_FORMAT)
  gop.add(message(80), 80, false)
  const later = gop.encode(FLV_FORMAT)
  expect(later).toHaveLength(2)
  expect(later[0]).toBe(first)
  expect(Buffer.concat([...later])).toEqual(
    encodeFrames(
      FLV_FORMAT,
      [0, 40, 80].map((ms) => frame(ms)),
    ),
  )
  expect(gop.encode(FLV_FORMAT)).toEqual(later)
})

it('keeps formats and groups of pictures apart', () => {
  const gop = new GopCache(10_000, new FrameBlocks())
  for (const timestampMs of [0, 2000]) {
    gop.add(message(timestampMs), timestampMs, true)
    for (const format of [FLV_FORMAT, rtmpFormat(1), rtmpFormat(2)])
      expect(Buffer.concat([...gop.encode(format)])).toEqual(encodeFrames(format, [frame(timestampMs)]))
  }
  gop.clear()
  expect(gop.encode(FLV_FORMAT)).toEqual([])
  expect(gop.firstMs).toBeUndefined()
})

it('keeps frames of any size whole, wherever its blocks end', () => {
  const blocks = new FrameBlocks()
  const gop = new GopCache(10_000_000, blocks)
  // Twice: the second group lies in blocks that were used before.
  for (const sizes of [
    [65_536 - 11, 1, 200_000, 130_000, 5],
    [70_000, 65_525, 65_536, 3],
  ]) {
    let joined = 0
    for (const [n, bytes] of sizes.entries()) {
      gop.add(message(n * 40, bytes), n * 40, n === 0)
      if (n === 1) joined = gop.encode(FLV_FORMAT).length
    }
    expect(joined).toBe(1)
    expect(Buffer.concat([...gop.encode(FLV_FORMAT)])).toEqual(
      encodeFrames(
        FLV_FORMAT,
        sizes.map((bytes, n) => frame(n * 40, bytes)),
      ),
    )
  }
})

it('forgets a group that grows past the limit, until the next keyframe', () => {
  const gop = new GopCache(1000, new FrameBlocks())
  gop.add(message(0), 0, true)
  for (const ms of [40, 80, 120]) gop.add(message(ms), ms, false)
  expect(gop.encode(FLV_FORMAT)).toEqual([])
  gop.add(message(160), 160, false)
  expect(gop.firstMs).toBeUndefined()
  gop.add(message(200), 200, true)
  expect(gop.firstMs).toBe(200)
})
