import fc from 'fast-check'
import { expect, it } from 'vitest'
import { keyframeRange } from '../../../src/packaging/keyframe-range.ts'
import { type MuxPacket, type MuxVideoTrack, muxSegment } from '../../../src/packaging/segment-muxer.ts'

const track: MuxVideoTrack = {
  ...{ kind: 'video', codec: 'avc', codecString: 'avc1.64001f', width: 64, height: 64 },
  ...{ displayWidth: 64, displayHeight: 64, timescale: 90_000 },
  description: Buffer.from('01640000ffe1000467640000010003686800', 'hex'),
}

it('is from moof to the end of the first picture, whatever the others are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
      async (sizes) => {
        const packets = sizes.map(
          (bytes, i): MuxPacket => ({
            ...{ data: Buffer.alloc(bytes, i + 1), seconds: 1 + i / 25, duration: 1 / 25, key: i === 0 },
          }),
        )
        const parts = await muxSegment(track, 1, packets)
        const segment = Buffer.concat(parts)
        const range = keyframeRange(segment)
        if (!range) throw new Error('none')
        expect(segment.subarray(range.offset + 4, range.offset + 8).toString()).toBe('moof')
        const cut = segment.subarray(range.offset, range.offset + range.bytes)
        expect(cut.subarray(cut.byteLength - (sizes[0] ?? 0))).toEqual(packets[0]?.data)
        // What stands before the pictures is enough to know.
        expect(keyframeRange(parts[0] ?? Buffer.alloc(0))).toEqual(range)
      },
    ),
    { numRuns: 20 },
  )
})

it('is not known of what holds no fragment', () => {
  expect(keyframeRange(Buffer.alloc(0))).toBeUndefined()
  expect(keyframeRange(Buffer.from('00000008free', 'latin1'))).toBeUndefined()
})
