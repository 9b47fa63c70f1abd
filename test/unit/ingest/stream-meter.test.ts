/** What is measured of streams with known faults. */
import { expect, it } from 'vitest'
import { meterStream, type StreamFault } from '../../support/metered-stream.ts'

const signalOf = (fault: StreamFault) => meterStream(fault).signal

it('measures a stream that does well as it is', () => {
  const { signal, bitsPerSecond } = meterStream({ seconds: 30, pictureBytes: 10_000 })
  expect(signal).toMatchObject({ frameRate: 25, keyframeMs: 2000, missingShare: 0, lateShare: 0 })
  expect(signal.pace).toBeCloseTo(1, 2)
  expect(signal.avSkewMs).toBeCloseTo(0, -1.5)
  expect(bitsPerSecond).toBeGreaterThan(2_000_000)
  expect(bitsPerSecond).toBeLessThan(2_100_000)
  expect(signal.history).toHaveLength(15)
  expect(signal.history.at(-1)).toMatchObject({ frameRate: 25 })
})

it('reads what the encoder says of its stream', () => {
  expect(signalOf({ seconds: 2 }).format).toMatchObject({
    videoCodec: 'avc1.64001e',
    width: 640,
    height: 360,
    audioCodec: 'mp4a.40.2',
    sampleRate: 48_000,
    channels: 1,
    announcedFrameRate: 25,
  })
})

it.each([10, 23.976, 29.97, 30, 50, 59.94, 60, 120])('measures %d frames a second', (frameRate) => {
  const { signal } = meterStream({ seconds: 20, frameRate })
  expect((signal.frameRate ?? 0) / frameRate).toBeCloseTo(1, 2)
  expect(signal.missingFrames).toBe(0)
})

it.each([0.6, 1, 4, 10])('measures keyframes every %d s', (keyframeSeconds) => {
  expect(signalOf({ seconds: 25, keyframeSeconds }).keyframeMs).toBe(keyframeSeconds * 1000)
})

it('notices that keyframes do not come any more before the next one comes', () => {
  const { keyframeMs } = signalOf({ seconds: 30, keyframeSeconds: 100 })
  expect(keyframeMs).toBeGreaterThan(29_000)
})

it('counts the holes that dropped frames leave', () => {
  const { missingFrames, missingShare } = signalOf({ seconds: 20, dropEvery: 10 })
  expect(missingFrames).toBeGreaterThan(45)
  expect(missingFrames).toBeLessThan(55)
  expect(missingShare).toBeCloseTo(0.1, 1)
})

it('counts frames that a hold-up makes late, and says how late', () => {
  // Three seconds in which nothing arrives, then all of it.
  const delayMs = (sentMs: number) => (sentMs > 20_000 && sentMs < 23_000 ? 23_000 - sentMs + 30 : 30)
  const signal = signalOf({ seconds: 25, delayMs })
  expect(signal.lateFrames).toBeGreaterThan(40)
  expect(signal.lateFrames).toBeLessThan(55)
  expect(signal.worstLateMs).toBeGreaterThan(2900)
  expect(signal.worstLateMs).toBeLessThan(3100)
  expect(signal.missingFrames).toBe(0)
  expect(signalOf({ seconds: 36, delayMs }), 'ten seconds later').toMatchObject({
    lateShare: 0,
    worstLateMs: 0,
  })
})

it('measures an encoder that cannot keep up', () => {
  expect(signalOf({ seconds: 20, pace: 0.8 }).pace).toBeCloseTo(0.8, 1)
})

it.each([700, -700])('measures a sound that is %d ms ahead of its picture', (soundOffsetMs) => {
  expect(signalOf({ seconds: 20, soundOffsetMs, firstTimestampMs: 5000 }).avSkewMs).toBeCloseTo(
    soundOffsetMs,
    -2,
  )
})

it('measures by how much the clocks drift apart, once there is enough of it', () => {
  expect(signalOf({ seconds: 70, pace: 0.998 }).driftPpm).toBeUndefined()
  const { driftPpm = 0 } = signalOf({ seconds: 200, pace: 0.998 })
  expect(driftPpm).toBeGreaterThan(1700)
  expect(driftPpm).toBeLessThan(2300)
})

it('takes no harm from timestamps that wrap, start anywhere or jump', () => {
  const wrapped = signalOf({ seconds: 20, firstTimestampMs: 2 ** 32 - 10_000 })
  expect(wrapped).toMatchObject({ frameRate: 25, keyframeMs: 2000, missingFrames: 0, lateFrames: 0 })
})

it('tells silence from sound alone', () => {
  const signal = signalOf({ seconds: 20, pictureStopsAtMs: 8000 })
  expect(signal.silentMs).toBeLessThan(100)
  expect(signal.pictureSilentMs).toBeGreaterThan(11_000)
  expect(signalOf({ seconds: 20, sound: false }).soundSilentMs).toBeUndefined()
})
