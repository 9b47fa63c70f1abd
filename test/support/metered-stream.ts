/** A stream with a fault of choice, fed into the meters of ingest second by second, without waiting for them. */
import { ConnectionStats } from '../../src/ingest/connection-stats.ts'
import { readNote } from '../../src/ingest/frame-note.ts'
import type { MediaMessage } from '../../src/ingest/media-message.ts'
import type { ReceivedMedia } from '../../src/library/broadcasts/stream-health.ts'
import {
  aacConfigMessage,
  avcConfigMessage,
  metadataMessage,
  pictureMessage,
  soundMessage,
} from './flv-messages.ts'

export interface StreamFault {
  readonly seconds: number
  readonly frameRate?: number
  readonly keyframeSeconds?: number
  readonly picture?: boolean
  readonly sound?: boolean
  /** Added to the sound's timestamps. */
  readonly soundOffsetMs?: number
  /** Of every so many pictures one is left out. */
  readonly dropEvery?: number
  /** Media milliseconds for each that passes. */
  readonly pace?: number
  /** Milliseconds that what was sent at a wall-clock time needs to arrive. */
  readonly delayMs?: (sentMs: number) => number
  readonly firstTimestampMs?: number
  readonly pictureBytes?: number
  /** No picture from there on. */
  readonly pictureStopsAtMs?: number
}

const START_MS = 50_000

/** What the judge of the stream's health is given at its end. */
export function meterStream(fault: StreamFault): ReceivedMedia {
  const { seconds, pace = 1, delayMs = () => 30 } = fault
  const stats = new ConnectionStats(START_MS)
  const arrivals = messagesOf(fault)
    .map((message) => {
      const sentMs = (message.timestampMs - (fault.firstTimestampMs ?? 0) - shiftOf(message, fault)) / pace
      return { message, sentMs, atMs: sentMs + delayMs(sentMs) }
    })
    .toSorted((a, b) => a.sentMs - b.sentMs)
  let bytes = 0
  let arrivedMs = 0
  let second = 1
  const sweepUntil = (atMs: number) => {
    for (; second * 1000 <= Math.min(atMs, seconds * 1000); second += 1)
      stats.measure(bytes, START_MS + second * 1000)
  }
  for (const { message, atMs: soonestMs } of arrivals) {
    // Nothing overtakes on one connection.
    const atMs = Math.max(arrivedMs, soonestMs)
    arrivedMs = atMs
    if (atMs > seconds * 1000) break
    sweepUntil(atMs)
    bytes += message.byteLength
    const timestampMs = message.timestampMs >>> 0
    stats.count({ ...readNote(message), timestampMs }, START_MS + atMs)
  }
  sweepUntil(seconds * 1000)
  const nowMs = START_MS + seconds * 1000
  return {
    ...stats.snapshot(nowMs),
    connectedMs: seconds * 1000,
    roundTripMs: undefined,
    encoder: 'FMLE/3.0',
  }
}

const shiftOf = (message: MediaMessage, { soundOffsetMs = 0 }: StreamFault) =>
  message.type === 8 ? soundOffsetMs : 0

function messagesOf(fault: StreamFault): MediaMessage[] {
  const { seconds, frameRate = 25, keyframeSeconds = 2, picture = true, sound = true } = fault
  const { soundOffsetMs = 0, dropEvery, firstTimestampMs = 0, pace = 1, pictureBytes } = fault
  const mediaMs = seconds * 1000 * pace
  const messages: MediaMessage[] = [metadataMessage(firstTimestampMs)]
  if (picture) messages.push(avcConfigMessage(firstTimestampMs))
  if (sound) messages.push(aacConfigMessage(firstTimestampMs + soundOffsetMs))
  for (let n = 0; picture && (n * 1000) / frameRate < mediaMs; n += 1) {
    const atMs = Math.round((n * 1000) / frameRate)
    const dropped = dropEvery !== undefined && n % dropEvery === dropEvery - 1
    if (dropped || atMs >= (fault.pictureStopsAtMs ?? Infinity)) continue
    const keyframe = n % Math.round(keyframeSeconds * frameRate) === 0
    messages.push(pictureMessage(firstTimestampMs + atMs, keyframe, 0, pictureBytes))
  }
  for (let n = 0; sound && (n * 1024) / 48 < mediaMs; n += 1)
    messages.push(soundMessage(firstTimestampMs + Math.round((n * 1024) / 48) + soundOffsetMs))
  return messages
}
