import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type BeatMember, ReadBeat } from '../../../src/ingest/read-beat.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** An encoder whose bytes wait while nobody reads. */
class Encoder implements BeatMember {
  readonly bytesPerSecond: number
  receivedBytes = 0
  waiting = 0
  awake = true
  beats = 0
  mostWaiting = 0

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond
  }

  send(ms: number): void {
    this.waiting += (this.bytesPerSecond * ms) / 1000
    this.mostWaiting = Math.max(this.mostWaiting, this.waiting)
    if (this.awake) this.#read()
  }

  wake(): void {
    this.awake = true
    this.#read()
  }

  endBeat(rest: boolean): void {
    this.beats += 1
    this.awake = !rest
  }

  #read(): void {
    this.receivedBytes += this.waiting
    this.waiting = 0
  }
}

function pass(ms: number, encoders: readonly Encoder[]): void {
  for (let at = 0; at < ms; at += 5) {
    for (const encoder of encoders) encoder.send(5)
    vi.advanceTimersByTime(5)
  }
}

const MBIT = 1_000_000 / 8

it('reads an encoder of 2.5 Mbit/s ten times a second, and everything it sends', () => {
  const beat = new ReadBeat()
  const encoder = new Encoder(2.5 * MBIT)
  beat.add(encoder)
  pass(1000, [encoder])
  encoder.beats = 0
  pass(10_000, [encoder])
  expect(encoder.beats).toBe(100)
  beat.remove(encoder)
  expect(encoder.receivedBytes).toBeCloseTo(11 * 2.5 * MBIT)
})

it('reads who sends more the more often, so that never much waits', () => {
  const beat = new ReadBeat()
  const encoders = [1, 4, 6, 8, 12, 15, 30, 200].map((mbit) => new Encoder(mbit * MBIT))
  for (const encoder of encoders) beat.add(encoder)
  pass(1000, encoders)
  for (const encoder of encoders) encoder.mostWaiting = 0
  pass(5000, encoders)
  for (const { mostWaiting, bytesPerSecond } of encoders) {
    // What comes within one step of this test waits in any case.
    expect(mostWaiting - bytesPerSecond * 0.005, `${bytesPerSecond} B/s`).toBeLessThanOrEqual(64 * 1024)
  }
  // Always.
  expect(encoders.at(-1)?.awake).toBe(true)
  for (const encoder of encoders) beat.remove(encoder)
})

it('wakes who leaves, and everybody who is asked for what has arrived', async () => {
  const beat = new ReadBeat()
  const [one, other] = [new Encoder(1000), new Encoder(1000)]
  beat.add(one)
  beat.add(one)
  beat.add(other)
  pass(190, [one, other])
  expect([one.awake, other.awake]).toEqual([false, false])
  beat.remove(one)
  beat.remove(one)
  expect(one.awake).toBe(true)
  const read = beat.readAll()
  expect(other.awake).toBe(true)
  // Somebody waits for it: it is read whenever the loop has time.
  pass(100, [])
  expect(other.awake).toBe(true)
  vi.advanceTimersByTime(0)
  await read
  pass(100, [])
  expect(other.awake).toBe(false)
  beat.remove(other)
  expect(vi.getTimerCount()).toBe(0)
})
