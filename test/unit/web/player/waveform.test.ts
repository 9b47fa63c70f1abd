import { describe, expect, it } from 'vitest'
import { barsOf, readWaveform } from '../../../../web/src/player/waveform.ts'

describe('a waveform', () => {
  const peaks = (...levels: readonly number[]) => btoa(String.fromCharCode(...levels))

  it('is read as the server sends it', () => {
    const read = readWaveform({ version: 1, pointsPerSecond: 20, peaks: peaks(0, 128, 255) })
    expect([read?.pointsPerSecond, [...(read?.peaks ?? [])]]).toEqual([20, [0, 128, 255]])
  })

  it.each([undefined, null, {}, { pointsPerSecond: 0, peaks: '' }, { pointsPerSecond: 1, peaks: '%' }])(
    'is nothing else: %j',
    (json) => {
      expect(readWaveform(json)).toBeUndefined()
    },
  )

  it('is drawn by the highest level under each bar, the loudest reaching the top', () => {
    const waveform = { pointsPerSecond: 2, peaks: Uint8Array.of(0, 10, 50, 20, 100, 0) }
    expect(barsOf(waveform, 3, 3)).toEqual([0.1, 0.5, 1])
    expect(barsOf(waveform, 3, 12)).toHaveLength(12)
  })

  it('is flat beyond its end, and of silence', () => {
    expect(barsOf({ pointsPerSecond: 1, peaks: Uint8Array.of(255) }, 4, 4)).toEqual([1, 0, 0, 0])
    expect(barsOf({ pointsPerSecond: 1, peaks: new Uint8Array(9) }, 9, 3)).toEqual([0, 0, 0])
  })
})
