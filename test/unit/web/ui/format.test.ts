import { describe, expect, it } from 'vitest'
import { formatBitrate, formatBytes, formatFrameRate } from '../../../../web/src/ui/format-amount.ts'
import {
  formatAge,
  formatDate,
  formatDuration,
  formatDurationWords,
} from '../../../../web/src/ui/format-time.ts'

describe('durations', () => {
  it.each([
    [0, '0:00'],
    [9.99, '0:09'],
    [59.9995, '1:00'],
    [75, '1:15'],
    [3599, '59:59'],
    [3675, '1:01:15'],
    [100 * 3600 + 61, '100:01:01'],
    [-3, '0:00'],
  ])('%s s is shown as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [61, '1 minute 1 second'],
    [3600, '1 hour'],
    [3 * 3600 + 59, '3 hours'],
    [86_400 * 2 + 3600, '2 days 1 hour'],
  ])('%s s is said as %s', (seconds, text) => expect(formatDurationWords(seconds)).toBe(text))
})

describe('ages', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  it.each([
    ['2026-11-21T11:59:30Z', 'just now'],
    ['2026-11-21T12:00:40Z', 'just now'],
    ['2026-11-21T11:57:00Z', '3 minutes ago'],
    ['2026-11-20T11:00:00Z', 'yesterday'],
    ['2026-11-01T12:00:00Z', '2 weeks ago'],
    ['2024-11-01T12:00:00Z', '2 years ago'],
    ['not a date', 'just now'],
  ])('%s is %s', (iso, text) => expect(formatAge(iso, now)).toBe(text))

  it('names the day and the time in the time zone of the viewer', () => {
    expect(formatDate('2026-11-21T23:41:00Z', 'Europe/Berlin')).toBe('22 November 2026 at 00:41')
  })
})

describe('amounts', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_960, '100 kB'],
    [999_960, '1.0 MB'],
    [1_500_000_000, '1.5 GB'],
    [5e15, '5000 TB'],
  ])('%s bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it('gives rates in bits', () => {
    expect(formatBitrate(2_512_000)).toBe('2.5 Mbit/s')
    expect(formatBitrate(64_000)).toBe('64.0 kbit/s')
  })

  it('keeps the fraction of NTSC frame rates and no more', () => {
    expect([30, 29.97, 60000 / 1001].map(formatFrameRate)).toEqual(['30', '29.97', '59.94'])
  })
})
