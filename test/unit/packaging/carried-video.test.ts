import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCarriedVideo, readPictureSize } from '../../../src/packaging/carried-video.ts'

describe('how large a picture of old is', () => {
  it.each([
    // Captured: FFmpeg's encoders.
    ['Sorenson, its own size of 16 bits', 'sorenson', '000084008140005a0012', { width: 640, height: 180 }],
    ['Sorenson, one of the usual sizes', 'sorenson', '00008402921e73', { width: 320, height: 240 }],
    ['Screen Video', 'screen', '314030b40078', { width: 320, height: 180 }],
    ['VP6, whole macroblocks', 'vp6', '0000360f14', { width: 320, height: 240 }],
    ['VP6, cut at its edges', 'vp6', '8c00360f14', { width: 312, height: 228 }],
    ['VP6 with a second partition', 'vp6', '00013600080f14', { width: 320, height: 240 }],
    ['VP6, no keyframe', 'vp6', '008036', undefined],
    ['nothing', 'screen', '', undefined],
  ] as const)('%s', (_, codec, hex, size) => {
    expect(readPictureSize(codec, Buffer.from(hex, 'hex'))).toEqual(size)
  })

  it('is a size or none, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('sorenson', 'screen', 'vp6'),
        fc.uint8Array({ maxLength: 20 }),
        (codec, data) => {
          const size = readPictureSize(codec as 'vp6', data)
          if (size) expect(Math.min(size.width, size.height)).toBeGreaterThan(0)
        },
      ),
    )
  })

  it('matters for those codecs that the encoder knows', () => {
    expect((['sorenson', 'screen', 'vp6', 'jpeg', 'avc', 'unknown'] as const).filter(isCarriedVideo)).toEqual(
      ['sorenson', 'screen', 'vp6'],
    )
  })
})
