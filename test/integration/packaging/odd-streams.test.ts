/**
 * What encoders send when they do not do as they should: each row of the table is published to the real
 * server, recorded, packaged and played. The recording must hold every message as it was sent; the replay
 * must play from start to end, pictures and sound together.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { joinParts } from '../../../src/formats/rtmp/message.ts'
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import type { Timeline } from '../../../src/packaging/timeline.ts'
import { type LogTag, readLog } from '../../../src/recording/log-reader.ts'
import { isContinuedMark } from '../../../src/recording/part-head.ts'
import type { ClosedPart } from '../../../src/recording/recording-ledger.ts'
import { judgeRecording } from '../../../src/recording/verdict.ts'
import { wholeRecording } from '../../../src/recording/whole-recording.ts'
import { type Dated, type DatedStream, isAudio, isMedia, isVideo } from '../../support/odd/dated-stream.ts'
import { makeOddSources, ODD_STREAMS, type OddSources } from '../../support/odd/odd-streams.ts'
import { hashOf, type Played, type PlayedPacket, play } from '../../support/odd/played.ts'
import { publishStreams } from '../../support/odd/publish-stream.ts'
import { broadcastId, makeRecorder, makeStore, timelineOf, video } from '../../support/packaged-video.ts'

let folder: string
let sources: OddSources

beforeAll(async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'odd-sources-'))
  sources = await makeOddSources(dir)
  return () => rm(dir, { recursive: true })
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'odd-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('odd streams', () => {
  it.each(ODD_STREAMS)('$name', async ({ sessions: make, ...expected }) => {
    const sessions = make(sources)
    const parts: ClosedPart[] = []
    const recorder = makeRecorder(folder, (part) => parts.push(part))
    const store = makeStore(folder)
    const packaging = packageBroadcast({ log: recorder.log(broadcastId), video, store })
    await publishStreams(
      recorder,
      sessions.map((stream) => stream.map(({ message }) => message)),
    )
    recorder.endBroadcast(broadcastId)
    const { leftOut } = await packaging
    expect(leftOut).toEqual([])

    await expectRecorded(recorder, sessions)
    expectNothingMissed(sessions, parts)
    const timeline = await timelineOf(store)
    expectTouching(timeline)
    const seconds = timeline.duration - (timeline.segments[0]?.start ?? 0)
    expect(Math.abs(seconds - expected.seconds), `${seconds} s`).toBeLessThan(0.3)
    const breaks = timeline.segments.filter((segment) => segment.discontinuity)
    expect(breaks.map(({ start }) => Math.round(start))).toEqual(expected.breaks ?? [])

    const played = await play(store, folder)
    expect(played.complaints).toBe('')
    expect(played.decodedPictures).toBe(expected.pictures)
    const sound = expected.sound ?? expected.seconds
    expect(Math.abs(played.decodedSeconds - sound), `${played.decodedSeconds} s of sound`).toBeLessThan(0.5)
    expect(worstApart(sessions.flat(), played), 'sound beside its picture').toBeLessThan(
      expected.apart ?? 0.03,
    )

    await expectOneClock(recorder, sessions)
  })
})

/** The verdict, had it come at the pace at which it happened: clocks that jump are no gaps, and pauses of the source neither. */
function expectNothingMissed(sessions: readonly DatedStream[], parts: readonly ClosedPart[]): void {
  const times = sessions.map((stream, index) => {
    const trueTimes = stream.map(({ trueMs }) => trueMs)
    const [startedAt, endedAt] = [new Date(Math.min(...trueTimes)), new Date(Math.max(...trueTimes))]
    return { sessionId: `session-${index}`, startedAt, endedAt, ending: 'unpublished' as const }
  })
  const verdict = judgeRecording(
    times,
    parts
      .toSorted((a, b) => a.part - b.part)
      .map((part) => ({ ...part, state: part.failure === undefined ? 'closed' : 'failed' })),
  )
  expect(verdict).toMatchObject({ complete: true, gaps: [] })
  const apart = Math.abs(verdict.recordedSeconds - verdict.receivedSeconds)
  expect(apart, `${verdict.recordedSeconds} s of ${verdict.receivedSeconds} s`).toBeLessThan(0.5)
}

/** Every message with its own timestamp, in order; parts that go on repeat their head, and nothing else is added. */
async function expectRecorded(
  recorder: ReturnType<typeof makeRecorder>,
  sessions: readonly DatedStream[],
): Promise<void> {
  const log = recorder.finishedLog(broadcastId)
  const tags: LogTag[] = []
  for (let part = await log.nextPart(0); part; part = await log.nextPart(part.part + 1)) {
    const own: LogTag[] = []
    for await (const read of readLog(part.file)) own.push(...read)
    // The mark, metadata, and the configuration of the track that did not change.
    const head = own[0] && isContinuedMark(own[0].body) ? 3 : 0
    tags.push(...own.slice(head))
  }
  const text = (type: number, timestampMs: number, body: Uint8Array) =>
    `${type} ${timestampMs} ${body.byteLength} ${hashOf(body)}`
  expect(tags.map((tag) => text(tag.type, tag.timestampMs, tag.body))).toEqual(
    sessions
      .flat()
      .filter(({ message }) => message.byteLength > 0)
      .map(({ message }) => text(message.type, message.timestampMs, bodyOf(message))),
  )
}

/** The whole recording as one file has every picture and sound, on a clock that only goes forward. */
async function expectOneClock(
  recorder: ReturnType<typeof makeRecorder>,
  sessions: readonly DatedStream[],
): Promise<void> {
  const whole = path.join(folder, 'whole.flv')
  await writeFile(whole, wholeRecording(recorder.finishedLog(broadcastId)))
  const tags: LogTag[] = []
  for await (const read of readLog(whole)) tags.push(...read)
  const media = tags.filter((tag) => tag.type !== DATA && tag.body[1] !== 0)
  expect(media).toHaveLength(
    sessions.flat().filter((one) => isMedia(one) && one.message.byteLength > 0).length,
  )
  for (const type of [AUDIO, VIDEO]) {
    const times = media.filter((tag) => tag.type === type).map((tag) => tag.timestampMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  }
  const last = media.reduce((latest, tag) => Math.max(latest, tag.timestampMs), 0) / 1000
  const times = sessions
    .flat()
    .filter(isMedia)
    .map(({ trueMs }) => trueMs)
  expect(
    Math.abs(last - (Math.max(...times) - Math.min(...times)) / 1000),
    `${last} s in one file`,
  ).toBeLessThan(1)
}

function expectTouching(timeline: Timeline): void {
  expect(timeline.ended).toBe(true)
  for (const [index, segment] of timeline.segments.entries()) {
    expect(segment.duration).toBeGreaterThan(0)
    const next = timeline.segments[index + 1]
    if (next) expect(segment.start + segment.duration).toBe(next.start)
  }
}

/** The most that a sound is played before or after the picture of its moment, against how they truly were. Seconds. */
function worstApart(sent: DatedStream, played: Played): number {
  const pictures = shifts(sent.filter(isVideo), played.video)
  const sounds = shifts(sent.filter(isAudio), played.audio)
  let worst = 0
  for (const sound of sounds) {
    const near = pictures.filter(({ trueMs }) => Math.abs(trueMs - sound.trueMs) <= 60)
    const apart = near.map(({ shift }) => Math.abs(shift - sound.shift))
    if (apart.length > 0) worst = Math.max(worst, Math.min(...apart))
  }
  return worst
}

/** How far each packet lies from where it truly was, seconds. Packets that were not sent are not looked at. */
function shifts(sent: DatedStream, played: readonly PlayedPacket[]) {
  const found: { readonly trueMs: number; readonly shift: number }[] = []
  const byHash = new Map<string, Dated[]>()
  for (const one of sent.filter(isMedia)) {
    const hash = hashOf(dataOf(one))
    byHash.set(hash, [...(byHash.get(hash) ?? []), one])
  }
  for (const { pts, hash } of played) {
    // The same source may be sent by several connections, one after the other.
    const one = byHash.get(hash)?.shift()
    if (!one) continue
    const composition = isVideo(one) ? bodyOf(one.message).readIntBE(2, 3) : 0
    found.push({ trueMs: one.trueMs, shift: pts - (one.trueMs + composition) / 1000 })
  }
  return found
}

function bodyOf(message: MediaMessage): Buffer {
  return Buffer.from(joinParts(message.parts, message.byteLength))
}

function dataOf(one: Dated): Uint8Array {
  return bodyOf(one.message).subarray(isVideo(one) ? 5 : 2)
}
