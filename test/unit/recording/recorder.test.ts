import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import type { BroadcastId, SessionId } from '../../../src/kernel/ids.ts'
import { makeStoragePaths } from '../../../src/media/layout.ts'
import { partsOnDisk } from '../../../src/recording/broadcast-log.ts'
import { createLogFile } from '../../../src/recording/log-file.ts'
import { type LogTag, readLog } from '../../../src/recording/log-reader.ts'
import { Recorder } from '../../../src/recording/recorder.ts'
import type { ClosedPart, OpenedPart } from '../../../src/recording/recording-ledger.ts'
import { wholeRecording } from '../../../src/recording/whole-recording.ts'
import {
  aacConfigMessage,
  avcConfigMessage,
  metadataMessage,
  OTHER_AVC_CONFIG,
  pictureMessage,
  session,
  soundMessage,
} from '../../support/flv-messages.ts'

const broadcastId = 'b' as BroadcastId
let folder: string
let opened: OpenedPart[]
let closed: ClosedPart[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'recorder-'))
  opened = []
  closed = []
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

function makeRecorder() {
  return new Recorder({
    paths: makeStoragePaths(folder),
    ledger: { partOpened: (part) => opened.push(part), partClosed: (part) => closed.push(part) },
  })
}

async function record(recorder: Recorder, messages: readonly MediaMessage[], firstPart = 0, sessionId = 's') {
  const log = await recorder.openSession({ broadcastId, sessionId: sessionId as SessionId, firstPart })
  for (const message of messages) log.write(message)
  await log.close()
  return log
}

async function tagsOf(file: string): Promise<LogTag[]> {
  const tags: LogTag[] = []
  for await (const batch of readLog(file)) tags.push(...batch)
  return tags
}

const part = (number: number) => path.join(folder, 'recordings', 'b', `${number}.flv`)
const kinds = (tags: readonly LogTag[]) =>
  tags.map((tag) => `${tag.type}:${tag.timestampMs}:${tag.body.byteLength}`)

describe('the recorder', () => {
  it('keeps one numbering of parts over the sessions of a broadcast, and tells the ledger', async () => {
    const recorder = makeRecorder()
    const first = await record(recorder, session({ seconds: 2 }))
    await record(recorder, session({ seconds: 1 }), first.nextPart(), 't')
    expect(opened.map((row) => [row.part, row.sessionId])).toEqual([
      [0, 's'],
      [1, 't'],
    ])
    expect(closed.map((row) => [row.part, Math.round(row.durationSeconds)])).toEqual([
      [0, 2],
      [1, 1],
    ])
    expect(closed[0]?.bytes).toBe((await readFile(part(0))).length)
    expect(closed.every((row) => row.failure === undefined)).toBe(true)
  })

  it('never writes over a part that the catalogue does not know of (pain 10)', async () => {
    await record(makeRecorder(), session({ seconds: 1 }))
    const before = await readFile(part(0))
    const log = await record(makeRecorder(), session({ seconds: 1 }), 0)
    expect(log.currentPart).toBe(1)
    expect(await readFile(part(0))).toEqual(before)
  })

  it('records every track as it came, and begins each part with the configurations of all', async () => {
    const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
    const say = (type: 8 | 9, timestampMs: number, text: string): MediaMessage => {
      const body = hex(text)
      return {
        type,
        timestampMs,
        parts: [body.subarray(0, 7), body.subarray(7)],
        byteLength: body.byteLength,
      }
    }
    const hvc1 = '68766331'
    const av01 = '61763031'
    const opus = '4f707573'
    const headers = [
      say(9, 0, `90 ${hvc1} c0`),
      say(9, 0, `d4 ${hvc1} ee`),
      say(9, 0, `96 00 ${av01} 01 c1`),
      say(8, 0, `90 ${opus} c8`),
      say(8, 0, `95 10 ${opus} 01 000001 d1 02 000001 d2`),
      say(8, 0, `95 04 ${opus} 01 0102`),
    ]
    const media = [
      say(9, 20, `93 ${hvc1} f0`),
      say(9, 20, `96 03 ${av01} 01 f1`),
      say(8, 30, `97 02 000001 01 ${opus} 50`),
      say(8, 30, `95 11 ${opus} 01 000001 51 02 000001 52`),
      // Repeated: nothing new.
      say(9, 40, `96 00 ${av01} 01 c1`),
    ]
    const change = say(9, 60, `96 00 ${av01} 01 c9`)
    const rest = [say(9, 60, `96 03 ${av01} 01 f2`), say(9, 80, `a3 ${hvc1} f3`)]
    const recorder = makeRecorder()
    await record(recorder, [...headers, ...media, change, ...rest])
    const bytesOf = (messages: readonly MediaMessage[]) =>
      messages.map(({ type, parts }) => `${type} ${Buffer.concat(parts).toString('hex')}`)
    const recorded = async (number: number) =>
      (await tagsOf(part(number))).map(({ type, body }) => `${type} ${Buffer.from(body).toString('hex')}`)
    expect(await recorded(0)).toEqual(bytesOf([...headers, ...media]))
    // After the mark: what the first part had told of, but for the configuration that is another now.
    expect((await recorded(1)).slice(1)).toEqual(
      bytesOf([...headers.filter((_, i) => i !== 2), change, ...rest]),
    )
    const whole = Buffer.concat(await wholeRecording(recorder.finishedLog(broadcastId)).toArray())
    expect(whole.indexOf(hex(`96 00 ${av01} 01 c1`))).toBe(whole.lastIndexOf(hex(`96 00 ${av01} 01 c1`)))
    expect(whole.indexOf(hex(`d4 ${hvc1} ee`))).toBe(whole.lastIndexOf(hex(`d4 ${hvc1} ee`)))
    expect(whole.includes(hex(`96 00 ${av01} 01 c9`))).toBe(true)
  })

  it('begins a new part, playable by itself, when the configuration changes (pain 8)', async () => {
    const recorder = makeRecorder()
    const change = avcConfigMessage(2000, OTHER_AVC_CONFIG)
    await record(recorder, [
      metadataMessage(),
      avcConfigMessage(),
      aacConfigMessage(),
      pictureMessage(0, true),
      soundMessage(10),
      // Repeated, as encoders do: nothing new.
      avcConfigMessage(40),
      aacConfigMessage(40),
      pictureMessage(40, true),
      change,
      pictureMessage(2000, true),
      soundMessage(2010),
    ])
    expect(closed.map((row) => row.part).sort()).toEqual([0, 1])
    expect(await tagsOf(part(0))).toHaveLength(8)
    const second = await tagsOf(part(1))
    const size = (message: MediaMessage) => `${message.type}:2000:${message.byteLength}`
    expect(kinds(second).slice(1, 4)).toEqual([
      size(metadataMessage()),
      size(aacConfigMessage()),
      size(change),
    ])
    expect(kinds(second).slice(4)).toEqual([
      size(pictureMessage(2000, true)),
      `8:2010:${soundMessage(0).byteLength}`,
    ])
  })

  it('shows a part to readers only when it is known how it grows', async () => {
    let release: () => void = () => undefined
    const slow = new Promise<void>((resolve) => {
      release = resolve
    })
    const recorder = new Recorder({
      paths: makeStoragePaths(folder),
      ledger: { partOpened: () => undefined, partClosed: () => undefined },
      createFile: async (file, thread) => {
        const made = await createLogFile(file, thread)
        await slow
        return made
      },
    })
    const opening = recorder.openSession({ broadcastId, sessionId: 's' as SessionId, firstPart: 0 })
    const reading = recorder.log(broadcastId).nextPart(0)
    while ((await partsOnDisk(path.join(folder, 'recordings', 'b'))).length === 0);
    const early = recorder.log(broadcastId).nextPart(0)
    release()
    const log = await opening
    expect((await reading)?.growth).toBe(log.growth)
    expect((await early)?.growth).toBe(log.growth)
    await log.close()
  })

  it('says why it cannot record', async () => {
    await writeFile(path.join(folder, 'recordings'), 'no folder')
    await expect(record(makeRecorder(), [])).rejects.toMatchObject({ code: 'recording-failed' })
  })

  it('leaves an index beside each part and nothing else', async () => {
    await record(makeRecorder(), session({ seconds: 1 }))
    expect((await readdir(path.join(folder, 'recordings', 'b'))).sort()).toEqual(['0.flv', '0.idx'])
  })
})

describe('the whole recording as one FLV', () => {
  async function collect(stream: AsyncIterable<Buffer>): Promise<LogTag[]> {
    const parts: Buffer[] = []
    for await (const chunk of stream) parts.push(chunk)
    await writeFile(path.join(folder, 'whole.flv'), Buffer.concat(parts))
    return tagsOf(path.join(folder, 'whole.flv'))
  }

  it('is every picture and sound once, on one clock, with repeated headers left out (pain 8)', async () => {
    const recorder = makeRecorder()
    const one = session({ seconds: 2, from: 50_000 })
    const two = session({ seconds: 2 })
    await record(recorder, one)
    await record(recorder, two)
    const tags = await collect(wholeRecording(recorder.finishedLog(broadcastId)))
    expect(tags).toHaveLength(one.length + two.length - 3)
    const times = tags.filter((tag) => tag.type === 9).map((tag) => tag.timestampMs)
    expect(times[0]).toBe(0)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1)).toBeGreaterThan(3900)
    expect(times.at(-1)).toBeLessThan(4100)
  })

  it('grows with the broadcast and ends with it', async () => {
    const recorder = makeRecorder()
    const reading = collect(wholeRecording(recorder.log(broadcastId)))
    const messages = session({ seconds: 2 })
    await record(recorder, messages)
    await record(recorder, [
      ...session({ seconds: 1 }),
      avcConfigMessage(1000, OTHER_AVC_CONFIG),
      pictureMessage(1000, true),
    ])
    recorder.endBroadcast(broadcastId)
    const tags = await reading
    expect(
      tags.filter((tag) => tag.type === 9 && (tag.body[0] ?? 0) >> 4 === 1 && tag.body[1] === 0),
    ).toHaveLength(2)
    expect(tags.filter((tag) => tag.type === 9 && tag.body[1] === 1)).toHaveLength(50 + 25 + 1)
  })

  it('stops when its reader goes away', async () => {
    const recorder = makeRecorder()
    await record(recorder, session({ seconds: 2 }))
    const abort = new AbortController()
    const stream = wholeRecording(recorder.log(broadcastId), abort.signal)
    const reading = collect(stream)
    abort.abort(new Error('gone'))
    await expect(reading).rejects.toThrow('gone')
  })
})
