import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VIDEO_CODECS } from '../../../src/pipeline/codec-levels.ts'
import { frameStepOf, lowestRung, planLadder } from '../../../src/pipeline/ladder.ts'

const shape = (source: Parameters<typeof planLadder>[0], timeline: 'measured' | 'planned') =>
  planLadder(source, timeline).map(({ name, width, height }) => `${name} ${width}x${height}`)

describe('rungs of a source that plays as it is', () => {
  it.each([
    ['1080p', 1920, 1080, ['720p 1280x720', '480p 854x480', '360p 640x360', '240p 426x240']],
    ['720p', 1280, 720, ['480p 854x480', '360p 640x360', '240p 426x240']],
    [
      '2160p',
      3840,
      2160,
      ['1440p 2560x1440', '1080p 1920x1080', '720p 1280x720', '480p 854x480', '360p 640x360', '240p 426x240'],
    ],
    ['portrait 1080p', 1080, 1920, ['720p 720x1280', '480p 480x854', '360p 360x640', '240p 240x426']],
    ['square', 600, 600, ['480p 480x480', '360p 360x360', '240p 240x240']],
    ['21:9', 2560, 1080, ['720p 1706x720', '480p 1138x480', '360p 854x360', '240p 568x240']],
    ['odd 853x479', 853, 479, ['360p 642x360', '240p 428x240']],
    ['a little above a step', 1920, 1088, ['720p 1270x720', '480p 848x480', '360p 636x360', '240p 424x240']],
    ['240p', 426, 240, []],
    ['tiny', 160, 120, []],
    [
      '8K',
      7680,
      4320,
      [
        '2160p 3840x2160',
        '1440p 2560x1440',
        '1080p 1920x1080',
        '720p 1280x720',
        '480p 854x480',
        '360p 640x360',
        '240p 426x240',
      ],
    ],
  ])('%s', (_, width, height, expected) => {
    expect(shape({ width, height, frameRate: 30 }, 'measured')).toEqual(expected)
  })
})

describe('rungs of a source that must be encoded', () => {
  it.each([
    [
      '1080p begins with its own size',
      1920,
      1080,
      ['1080p 1920x1080', '720p 1280x720', '480p 854x480', '360p 640x360', '240p 426x240'],
    ],
    [
      'an odd size loses a line instead of being stretched',
      853,
      479,
      ['478p 852x478', '360p 642x360', '240p 428x240'],
    ],
    ['a tiny source has one', 160, 120, ['120p 160x120']],
    ['a size between two steps keeps both sides near', 400, 300, ['300p 400x300', '240p 320x240']],
    [
      'a size just above a step has no rung for it',
      860,
      486,
      ['486p 860x486', '360p 638x360', '240p 424x240'],
    ],
    [
      '8K is brought down to what H.264 players take',
      7680,
      4320,
      [
        '2160p 3840x2160',
        '1440p 2560x1440',
        '1080p 1920x1080',
        '720p 1280x720',
        '480p 854x480',
        '360p 640x360',
        '240p 426x240',
      ],
    ],
    ['a single pixel becomes the smallest codable picture', 1, 1, ['2p 2x2']],
  ])('%s', (_, width, height, expected) => {
    expect(shape({ width, height, frameRate: 25 }, 'planned')).toEqual(expected)
  })

  it('are even and never larger than the source, whatever its shape', () => {
    for (let width = 2; width < 3000; width += 131) {
      for (let height = 2; height < 3000; height += 137) {
        for (const rung of planLadder({ width, height, frameRate: 30 }, 'planned')) {
          expect((rung.width % 2) + (rung.height % 2)).toBe(0)
          expect(rung.width).toBeLessThanOrEqual(Math.max(2, width))
          expect(rung.height).toBeLessThanOrEqual(Math.max(2, height))
        }
      }
    }
  })

  it('have names of their own', () => {
    for (let side = 2; side < 2400; side += 7) {
      const names = planLadder({ width: side * 2, height: side, frameRate: 30 }, 'planned').map(
        ({ name }) => name,
      )
      expect(new Set(names).size).toBe(names.length)
    }
  })
})

describe('what the encoder is told', () => {
  const [top] = planLadder({ width: 1920, height: 1080, frameRate: 30 }, 'planned')

  it('is capped constant quality', () => {
    expect(top).toMatchObject({
      crf: 23,
      maxrate: 5_000_000,
      bufsize: 10_000_000,
      preset: 'veryfast',
      profile: 'high',
    })
  })

  it('keeps the frame rate, and gives many frames more bits', () => {
    const [fast] = planLadder({ width: 1920, height: 1080, frameRate: 60 }, 'planned')
    expect(fast).toMatchObject({ frameRate: 60, maxrate: 7_500_000, level: '4.2' })
  })

  it.each([
    [1920, 1080, 30, '4.0', 'avc1.640028'],
    [1280, 720, 30, '3.1', 'avc1.64001f'],
    [1280, 720, 60, '3.2', 'avc1.640020'],
    [3840, 2160, 30, '5.1', 'avc1.640033'],
    [640, 360, 30, '3.0', 'avc1.64001e'],
    [426, 240, 30, '2.1', 'avc1.640015'],
  ])('names the level that %ix%i at %i needs', (width, height, frameRate, level, codecs) => {
    expect(planLadder({ width, height, frameRate }, 'planned')[0]).toMatchObject({ level, codecs })
  })

  it('grows with the picture and is promised with room for peaks', () => {
    const rungs = planLadder({ width: 3840, height: 2160, frameRate: 30 }, 'planned')
    const rates = rungs.map(({ maxrate }) => maxrate)
    expect(rates).toEqual(rates.toSorted((a, b) => b - a))
    for (const { bandwidth, averageBandwidth, maxrate } of rungs) {
      expect(bandwidth).toBeGreaterThan(maxrate)
      expect(averageBandwidth).toBeLessThan(maxrate)
    }
  })

  it('does not believe a source without a frame rate', () => {
    expect(planLadder({ width: 640, height: 360, frameRate: 0 }, 'planned')[0]?.frameRate).toBe(30)
  })
})

it('makes the smallest rung first', () => {
  expect(lowestRung(planLadder({ width: 1920, height: 1080, frameRate: 30 }, 'measured'))?.name).toBe('240p')
  expect(lowestRung([])).toBeUndefined()
})

const sources = fc.record({
  width: fc.integer({ min: 1, max: 8192 }),
  height: fc.integer({ min: 1, max: 8192 }),
  frameRate: fc.oneof(
    fc.constantFrom(
      0,
      15,
      24_000 / 1001,
      24,
      25,
      30_000 / 1001,
      30,
      48,
      50,
      60_000 / 1001,
      60,
      100,
      120,
      240,
    ),
    fc.double({ min: 0.1, max: 480, noNaN: true }),
  ),
})
const ladders = fc.tuple(
  sources,
  fc.constantFrom('measured' as const, 'planned' as const),
  fc.subarray([...VIDEO_CODECS], { minLength: 1 }),
)

describe('any ladder', () => {
  it('lies at or below its source, by the shorter side, up to 2160, in even sizes of its shape', () => {
    fc.assert(
      fc.property(ladders, ([source, timeline, codecs]) => {
        const side = Math.min(source.width, source.height)
        for (const { width, height, codec } of planLadder(source, timeline, codecs)) {
          expect(width % 2 === 0 && height % 2 === 0).toBe(true)
          expect(width).toBeLessThanOrEqual(Math.max(2, source.width))
          expect(height).toBeLessThanOrEqual(Math.max(2, source.height))
          expect(Math.min(width, height)).toBeLessThanOrEqual(2160)
          if (timeline === 'measured' && !codec) expect(Math.min(width, height)).toBeLessThan(side)
          // Within the pixel that evenness takes from either side.
          if (Math.min(width, height) > 2) {
            const scale = Math.min(width, height) / side
            expect(Math.abs(width - source.width * scale)).toBeLessThanOrEqual(
              2 * Math.max(1, source.width / side),
            )
            expect(Math.abs(height - source.height * scale)).toBeLessThanOrEqual(
              2 * Math.max(1, source.height / side),
            )
          }
        }
      }),
    )
  })

  it('keeps the frame rate, and halves it only above 60 (pain 30)', () => {
    fc.assert(
      fc.property(ladders, ([source, timeline, codecs]) => {
        for (const { frameRate, frameStep = 1 } of planLadder(source, timeline, codecs)) {
          expect(Math.log2(frameStep) % 1).toBe(0)
          if (source.frameRate <= 0) continue
          expect(frameRate * frameStep).toBeCloseTo(source.frameRate, 9)
          expect(frameRate).toBeLessThanOrEqual(60.5)
          if (source.frameRate <= 60) expect(frameStep).toBe(1)
          else if (frameStep > 1) expect(frameRate).toBeGreaterThan(30)
        }
      }),
    )
  })

  it('has names of its own, and is cheaper from rung to rung of a codec', () => {
    fc.assert(
      fc.property(ladders, ([source, timeline, codecs]) => {
        const rungs = planLadder(source, timeline, codecs)
        expect(new Set(rungs.map(({ name }) => name)).size).toBe(rungs.length)
        for (const codec of codecs) {
          const rates = rungs.filter((rung) => (rung.codec ?? 'h264') === codec).map(({ maxrate }) => maxrate)
          expect(rates).toEqual(rates.toSorted((a, b) => b - a))
        }
      }),
    )
  })
})

it.each([
  [50, 1],
  [60, 1],
  [60_000 / 1001, 1],
  [60.3, 1],
  [75, 2],
  [100, 2],
  [120, 2],
  [240, 4],
])('of %f frames a second shows every %i. (pain 30: 50 never becomes 30)', (frameRate, step) => {
  expect(frameStepOf(frameRate)).toBe(step)
})

it('in other codecs stands beside H.264, at a lower cap', () => {
  const rungs = planLadder({ width: 1280, height: 720, frameRate: 30 }, 'planned', ['h264', 'hevc', 'av1'])
  expect(rungs.map(({ name }) => name)).toEqual([
    ...['720p', '480p', '360p', '240p'],
    ...['720p-hevc', '480p-hevc', '360p-hevc', '240p-hevc'],
    ...['720p-av1', '480p-av1', '360p-av1', '240p-av1'],
  ])
  const [avc, hevc, av1] = ['720p', '720p-hevc', '720p-av1'].map((of) =>
    rungs.find(({ name }) => name === of),
  )
  expect([avc?.codecs, hevc?.codecs, av1?.codecs]).toEqual([
    'avc1.64001f',
    'hvc1.1.6.L93.90',
    'av01.0.05M.08',
  ])
  expect(hevc?.maxrate).toBeLessThan(avc?.maxrate ?? 0)
  expect(av1?.maxrate).toBeLessThan(hevc?.maxrate ?? 0)
  expect(lowestRung(rungs.toReversed())?.name).toBe('240p')
})

it('in other codecs begins with the source’s own size, also where the original plays: some players stay with one codec', () => {
  const rungs = planLadder({ width: 1280, height: 720, frameRate: 30 }, 'measured', ['h264', 'av1'])
  expect(rungs.map(({ name }) => name)).toEqual([
    ...['480p', '360p', '240p'],
    ...['720p-av1', '480p-av1', '360p-av1', '240p-av1'],
  ])
})
