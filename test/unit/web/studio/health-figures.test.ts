import { expect, it } from 'vitest'
import { healthFigures } from '../../../../web/src/features/studio/go-live/figures.ts'
import {
  chartPoints,
  chartSpanMs,
  withSample,
} from '../../../../web/src/features/studio/go-live/health-samples.ts'
import { makeHealth } from '../../../support/health.ts'

const figureOf = (name: string, part: Parameters<typeof makeHealth>[0]) =>
  healthFigures(makeHealth(part)).find((figure) => figure.name === name)?.value

it('shows every figure as people read it', () => {
  expect(Object.fromEntries(healthFigures(makeHealth()).map(({ name, value }) => [name, value]))).toEqual({
    Picture: '1280×720, H.264',
    Sound: 'AAC, 48 kHz, stereo',
    Bitrate: '2.5 Mbit/s',
    'Frame rate': '30 fps',
    'Keyframe every': '2 s',
    'Dropped, late frames': '0, 0',
    'Sound to picture': 'together',
    Clock: 'in step',
    'Round trip': '31 ms',
    Encoder: 'OBS',
  })
})

it('leaves out what is not known', () => {
  const early = healthFigures(
    makeHealth({ width: null, videoCodec: null, roundTripMs: null, clockDriftPpm: null }),
  )
  expect(early.map(({ name }) => name)).toEqual([
    ...[
      'Sound',
      'Bitrate',
      'Frame rate',
      'Keyframe every',
      'Dropped, late frames',
      'Sound to picture',
      'Encoder',
    ],
  ])
})

it('says by how much, and in which direction', () => {
  expect(figureOf('Sound to picture', { avSkewMs: 250 })).toBe('250 ms ahead')
  expect(figureOf('Sound to picture', { avSkewMs: -900 })).toBe('900 ms behind')
  expect(figureOf('Clock', { clockDriftPpm: 500 })).toBe('1800 ms an hour slow')
  expect(figureOf('Sound', { channels: 6 })).toBe('AAC, 48 kHz, 6 channels')
})

it('keeps five minutes of samples, and a moment once', () => {
  const now = Date.UTC(2026, 0, 1)
  const old = { at: new Date(now - 6 * 60_000).toISOString(), bitsPerSecond: 1, frameRate: 1 }
  const one = withSample([old], makeHealth(), now)
  expect(one).toEqual([{ at: new Date(now).toISOString(), bitsPerSecond: 2_512_000, frameRate: 30 }])
  expect(withSample(one, makeHealth(), now + 500)).toEqual(one)
  expect(withSample(one, null, now + 2000).at(-1)).toMatchObject({ bitsPerSecond: 0, frameRate: 0 })
})

it('draws now at the right, five minutes ago at the left, the most at the top', () => {
  const now = Date.UTC(2026, 0, 1)
  const ago = (minutes: number, value: number) => ({
    at: new Date(now - minutes * 60_000).toISOString(),
    value,
  })
  const box = { width: 100, height: 50 }
  expect(chartPoints([ago(5, 0), ago(2.5, 5), ago(0, 10)], 10, box, now, 300_000)).toBe('0,50 50,25 100,0')
  expect(chartPoints([ago(0, 0)], 0, box, now, 300_000)).toBe('100,50')
})

it('shows as much time as there is, from one minute to five', () => {
  const now = Date.UTC(2026, 0, 1)
  const since = (seconds: number) =>
    chartSpanMs([{ at: new Date(now - seconds * 1000).toISOString(), bitsPerSecond: 1, frameRate: 1 }], now)
  expect([chartSpanMs([], now), since(10), since(150), since(900)]).toEqual([
    60_000, 60_000, 150_000, 300_000,
  ])
})
