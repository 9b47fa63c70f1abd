import { describe, expect, it } from 'vitest'
import { gainTo, parseLoudness } from '../../../src/pipeline/loudness.ts'
import { WaveformMaker } from '../../../src/pipeline/waveform.ts'

const SAID = `[Parsed_ebur128_0 @ 0x5] Summary:

  Integrated loudness:
    I:         -25.9 LUFS
    Threshold: -35.9 LUFS

  Loudness range:
    LRA:         0.1 LU
    Threshold: -45.9 LUFS
    LRA low:   -26.0 LUFS
    LRA high:  -25.9 LUFS

  True peak:
    Peak:      -14.3 dBFS`.split('\n')

describe('loudness', () => {
  it('is read from what the filter says at its end', () => {
    expect(parseLoudness(SAID)).toEqual({ integrated: -25.9, range: 0.1, truePeak: -14.3 })
  })

  it.each([
    ['nothing', []],
    ['words', ['size=N/A time=00:00:10.0']],
    ['of silence', SAID.map((line) => line.replace('-25.9 LUFS', '-70.0 LUFS').replace('-14.3', '-inf'))],
  ])('is none where there is %s', (_, lines) => {
    expect(parseLoudness(lines)).toBeUndefined()
  })

  it('is brought to the target, within reason, and left alone when it is near', () => {
    const at = (integrated: number) => gainTo(-16, { integrated, range: 5, truePeak: -1 })
    expect([at(-26), at(-10), at(-16.3), at(-60), at(10)]).toEqual([10, -6, 0, 20, -20])
  })
})

describe('a waveform', () => {
  const points = (text: string) => {
    const { pointsPerSecond, peaks } = JSON.parse(text)
    return { pointsPerSecond, peaks: [...Buffer.from(peaks, 'base64')] }
  }
  const seconds = (count: number, level: number) => {
    const samples = new Int16Array(count * 16_000).fill(level)
    return new Uint8Array(samples.buffer)
  }

  it('is the highest level of each twentieth of a second, either side of zero', () => {
    const maker = new WaveformMaker()
    maker.add(seconds(1, 0))
    maker.add(seconds(1, -32_768))
    maker.add(seconds(1, 16_384))
    const { pointsPerSecond, peaks } = points(maker.finish())
    expect(pointsPerSecond).toBe(20)
    expect(peaks).toHaveLength(60)
    expect([peaks[10], peaks[30], peaks[50]]).toEqual([0, 255, 128])
  })

  it('is the same however its samples arrive', () => {
    const samples = new Int16Array(16_000).map((_, i) => (i * 37) % 20_000)
    const bytes = new Uint8Array(samples.buffer)
    const [whole, pieces] = [new WaveformMaker(), new WaveformMaker()]
    whole.add(bytes)
    for (let at = 0; at < bytes.length; at += 777) pieces.add(bytes.subarray(at, at + 777))
    expect(pieces.finish()).toBe(whole.finish())
  })

  it('becomes coarser with length, never larger, and keeps its peaks', () => {
    const maker = new WaveformMaker()
    for (let minute = 0; minute < 70; minute++) maker.add(seconds(60, minute === 69 ? 32_767 : 100))
    const { pointsPerSecond, peaks } = points(maker.finish())
    expect(pointsPerSecond).toBe(5)
    expect(peaks).toHaveLength(70 * 60 * 5)
    expect(peaks.at(-1)).toBe(255)
  })

  it('of nothing is empty', () => {
    expect(points(new WaveformMaker().finish()).peaks).toEqual([])
  })
})
