/** Against the tables of the specifications, written down here once more by the product of what they allow. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelOf, type VideoCodec } from '../../../src/pipeline/codec-levels.ts'

const small = { maxrate: 400_000, bufsize: 800_000 }

describe('the level', () => {
  it.each([
    ['h264', 1920, 1080, 30, 5_000_000, '4.0', 'avc1.640028'],
    ['h264', 1920, 1080, 60, 7_500_000, '4.2', 'avc1.64002a'],
    ['h264', 1280, 720, 60, 4_200_000, '3.2', 'avc1.640020'],
    ['h264', 3840, 2160, 60, 27_000_000, '5.2', 'avc1.640034'],
    ['h264', 352, 288, 30, 400_000, '1.3', 'avc1.64000d'],
    ['h264', 352, 288, 30, 1_200_000, '2.0', 'avc1.640014'],
    ['hevc', 1920, 1080, 30, 3_250_000, '4.0', 'hvc1.1.6.L120.90'],
    ['hevc', 3840, 2160, 60, 17_000_000, '5.1', 'hvc1.1.6.L153.90'],
    ['hevc', 426, 240, 30, 260_000, '2.0', 'hvc1.1.6.L60.90'],
    ['av1', 426, 240, 30, 220_000, '2.0', 'av01.0.00M.08'],
    ['av1', 1920, 1080, 60, 4_000_000, '4.1', 'av01.0.09M.08'],
    ['av1', 3840, 2160, 60, 15_000_000, '5.1', 'av01.0.13M.08'],
  ] as const)('of %s %ix%i at %f, %i bit/s', (codec, width, height, frameRate, maxrate, name, codecs) => {
    expect(levelOf(codec, { width, height, frameRate, maxrate, bufsize: maxrate * 2 })).toEqual({
      name,
      codecs,
    })
  })

  it('of a picture that is small but very long is that of its longer side', () => {
    // 2.2 allows 1,620 macroblocks, 113 in a row.
    expect(levelOf('h264', { width: 1808, height: 64, frameRate: 25, ...small }).name).toBe('2.2')
    expect(levelOf('h264', { width: 1840, height: 64, frameRate: 25, ...small }).name).toBe('3.1')
    expect(levelOf('hevc', { width: 4096, height: 64, frameRate: 25, ...small }).name).toBe('4.0')
  })

  it('never becomes smaller when a picture grows in any way', () => {
    const pictures = fc.record({
      width: fc.integer({ min: 2, max: 7680 }),
      height: fc.integer({ min: 2, max: 4320 }),
      frameRate: fc.double({ min: 1, max: 60, noNaN: true }),
      maxrate: fc.integer({ min: 64_000, max: 30_000_000 }),
      bufsize: fc.integer({ min: 64_000, max: 60_000_000 }),
    })
    fc.assert(
      fc.property(pictures, pictures, fc.constantFrom<VideoCodec>('h264', 'hevc', 'av1'), (a, b, codec) => {
        const larger = {
          width: Math.max(a.width, b.width),
          height: Math.max(a.height, b.height),
          frameRate: Math.max(a.frameRate, b.frameRate),
          maxrate: Math.max(a.maxrate, b.maxrate),
          bufsize: Math.max(a.bufsize, b.bufsize),
        }
        const level = (of: typeof a) => Number(levelOf(codec, of).name)
        expect(level(larger)).toBeGreaterThanOrEqual(level(a))
      }),
    )
  })

  it('holds the picture, its rate and its bits: H.264 Table A-1, High profile', () => {
    // MaxMBPS, MaxFS, MaxBR in kbit/s; MaxDpbMbs is enough for four pictures.
    const most: Record<string, readonly [number, number, number]> = {
      '1.3': [11_880, 396, 960],
      '2.0': [11_880, 396, 2_500],
      '2.1': [19_800, 792, 5_000],
      '2.2': [20_250, 1_620, 5_000],
      '3.0': [40_500, 1_620, 12_500],
      '3.1': [108_000, 3_600, 17_500],
      '3.2': [216_000, 5_120, 25_000],
      '4.0': [245_760, 8_192, 25_000],
      '4.1': [245_760, 8_192, 62_500],
      '4.2': [522_240, 8_704, 62_500],
      '5.0': [589_824, 22_080, 168_750],
      '5.1': [983_040, 36_864, 300_000],
      '5.2': [2_073_600, 36_864, 300_000],
    }
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 3840 }),
        fc.integer({ min: 2, max: 2160 }),
        fc.double({ min: 1, max: 60, noNaN: true }),
        fc.integer({ min: 64_000, max: 27_000_000 }),
        (width, height, frameRate, maxrate) => {
          const { name } = levelOf('h264', { width, height, frameRate, maxrate, bufsize: maxrate * 2 })
          const [perSecond, perFrame, kbits] = most[name] ?? [0, 0, 0]
          const frame = Math.ceil(width / 16) * Math.ceil(height / 16)
          expect(frame).toBeLessThanOrEqual(perFrame)
          expect(frame * frameRate).toBeLessThanOrEqual(perSecond)
          expect(maxrate / 1000).toBeLessThanOrEqual(kbits)
        },
      ),
    )
  })
})
