/** Bytes and rates as people read them: decimal units, as encoders and providers count. */

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const
const RATE_UNITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'] as const

/** 1_500_000 → "1.5 MB". */
export function formatBytes(bytes: number): string {
  return scale(bytes, BYTE_UNITS)
}

/** 2_480_000 → "2.5 Mbit/s". */
export function formatBitrate(bitsPerSecond: number): string {
  return scale(bitsPerSecond, RATE_UNITS)
}

function scale(amount: number, units: readonly string[]): string {
  let value = Math.max(0, amount)
  let unit = 0
  // 999.95 would be written as 1000.0 of the smaller unit.
  while (value >= (unit === 0 ? 1000 : 999.95) && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** 29.97 → "29.97", 30 → "30", 59.9400599 → "59.94". */
export function formatFrameRate(framesPerSecond: number): string {
  return String(Math.round(framesPerSecond * 100) / 100)
}
