/**
 * The waveform of a video's sound: its highest level in each stretch of time, to be drawn. A file of
 * bounded size, `waveform.json`:
 *
 *     {"version":1,"pointsPerSecond":20,"peaks":"AAEC…"}
 *
 * `peaks` is base64 of one byte a point, 0 silence, 255 full scale. Pure.
 */

/** Interleaved 16-bit samples, little endian, as the decoder is asked for. */
export const WAVEFORM_RATE = 8000
export const WAVEFORM_CHANNELS = 2

/** 48 kB of base64 at most, and still twenty points for each second of half an hour. */
const MOST_POINTS = 36_000
const FINEST = 20
/** How many of the finest points become one. */
const STEPS = [1, 2, 4, 10, 20, 40, 100, 200, 400, 1000] as const

const SAMPLES_A_POINT = (WAVEFORM_RATE / FINEST) * WAVEFORM_CHANNELS

/** Takes samples as they come, in pieces of any size. */
export class WaveformMaker {
  #peaks: number[] = []
  #samples = 0
  #highest = 0
  /** Half a sample, left over. */
  #odd: number | undefined

  add(bytes: Uint8Array): void {
    const whole = this.#odd === undefined ? bytes : Buffer.concat([Uint8Array.of(this.#odd), bytes])
    const samples = whole.byteLength >> 1
    this.#odd = whole.byteLength % 2 === 1 ? whole[whole.byteLength - 1] : undefined
    const view = new DataView(whole.buffer, whole.byteOffset, samples * 2)
    for (let i = 0; i < samples; i++) {
      const level = Math.abs(view.getInt16(i * 2, true))
      if (level > this.#highest) this.#highest = level
      if (++this.#samples === SAMPLES_A_POINT) this.#close()
    }
  }

  /** The file's text. */
  finish(): string {
    if (this.#samples > 0) this.#close()
    const step = STEPS.find((of) => this.#peaks.length <= of * MOST_POINTS) ?? STEPS[STEPS.length - 1] ?? 1
    const points = new Uint8Array(Math.ceil(this.#peaks.length / step))
    for (const [index, peak] of this.#peaks.entries()) {
      const at = Math.floor(index / step)
      points[at] = Math.max(points[at] ?? 0, peak)
    }
    const peaks = Buffer.from(points).toString('base64')
    return JSON.stringify({ version: 1, pointsPerSecond: FINEST / step, peaks })
  }

  #close(): void {
    this.#peaks.push(Math.round((Math.min(this.#highest, 32_767) * 255) / 32_767))
    this.#samples = 0
    this.#highest = 0
  }
}
