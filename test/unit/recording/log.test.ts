import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import { FlushTimer } from '../../../src/recording/flush-timer.ts'
import { readIndex } from '../../../src/recording/keyframe-index.ts'
import { createLogFile, type LogFile } from '../../../src/recording/log-file.ts'
import { type LogTag, readLog } from '../../../src/recording/log-reader.ts'
import { LogWriter } from '../../../src/recording/log-writer.ts'
import { salvagePart } from '../../../src/recording/salvage.ts'
import { WriteBuffers } from '../../../src/recording/write-buffers.ts'
import { WriteThread } from '../../../src/recording/write-thread.ts'
import { pictureMessage, session, soundMessage } from '../../support/flv-messages.ts'

let folder: string
const buffers = new WriteBuffers()
const thread = new WriteThread(buffers.memory)
afterAll(() => thread[Symbol.asyncDispose]())
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'log-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const at = (name: string) => path.join(folder, name)

function openLog(
  options: { file?: Promise<LogFile>; onFailure?: (error: Error) => void; onDrain?: () => void } = {},
) {
  return new LogWriter({
    buffers,
    file: options.file ?? createLogFile(at('0.flv'), thread),
    index: createLogFile(at('0.idx'), thread),
    timer: new FlushTimer(),
    onDrain: options.onDrain ?? (() => undefined),
    onFailure: options.onFailure ?? (() => undefined),
  })
}

async function readAll(...args: Parameters<typeof readLog>): Promise<LogTag[]> {
  const tags: LogTag[] = []
  for await (const batch of readLog(...args)) tags.push(...batch)
  return tags
}

const body = (message: MediaMessage) => Buffer.concat(message.parts)
const seen = (tags: readonly LogTag[]) =>
  tags.map((tag) => [tag.type, tag.timestampMs, Buffer.from(tag.body).toString('hex')])
const sent = (messages: readonly MediaMessage[]) =>
  messages.map((m) => [m.type, m.timestampMs, body(m).toString('hex')])

describe('a log', () => {
  it('holds exactly the messages that came, with the timestamps they had', async () => {
    const messages = [
      ...session({ seconds: 4, from: 0xffff_fff0 - 1000 }).map((m) => ({
        ...m,
        timestampMs: m.timestampMs >>> 0,
      })),
    ]
    const log = openLog()
    for (const message of messages) expect(log.write(message)).toBe(true)
    await log.close()
    expect(seen(await readAll(at('0.flv')))).toEqual(sent(messages))
    expect(log.growth.bytes).toBe((await stat(at('0.flv'))).size)
    expect(log.durationSeconds).toBeCloseTo(4, 1)
  })

  it('may reuse what it was given as soon as write returns', async () => {
    const message = pictureMessage(0, true)
    const expected = sent([message])
    const log = openLog()
    log.write(message)
    for (const part of message.parts) part.fill(0)
    await log.close()
    expect(seen(await readAll(at('0.flv')))).toEqual(expected)
  })

  it('can be read while it grows, from any tag, and ends when it is closed', async () => {
    const messages = session({ seconds: 6 })
    const log = openLog()
    const reading = readAll(at('0.flv'), { growth: log.growth })
    for (const message of messages.slice(0, 100)) log.write(message)
    log.flush()
    await log.growth.beyond(13)
    for (const message of messages.slice(100)) log.write(message)
    await log.close()
    const tags = await reading
    expect(seen(tags)).toEqual(sent(messages))
    const middle = tags[120]
    expect(seen(await readAll(at('0.flv'), { from: middle?.offset ?? 0 }))).toEqual(sent(messages.slice(120)))
  })

  it('knows its keyframes by an index that leads to them', async () => {
    const log = openLog()
    for (const message of session({ seconds: 6 })) log.write(message)
    await log.close()
    const index = readIndex(await readFile(at('0.idx')))
    expect(index.map((record) => record.timestampMs)).toEqual([0, 2000, 4000])
    for (const { offset, timestampMs } of index) {
      const [tag] = await readAll(at('0.flv'), { from: offset })
      expect([tag?.timestampMs, tag?.type, (tag?.body[0] ?? 0) >> 4]).toEqual([timestampMs, 9, 1])
    }
  })

  it('holds a message larger than its buffers', async () => {
    const messages = [
      pictureMessage(0, true, 0, 3_000_000),
      pictureMessage(40, false),
      pictureMessage(80, false, 0, 1_500_000),
    ]
    const log = openLog()
    for (const message of messages) log.write(message)
    await log.close()
    expect(seen(await readAll(at('0.flv')))).toEqual(sent(messages))
  })

  it('is written a tenth of a second after what came, so that a killed program loses no more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const log = openLog()
    for (const message of session({ seconds: 1 })) log.write(message)
    vi.advanceTimersByTime(99)
    expect(log.growth.bytes).toBe(0)
    vi.advanceTimersByTime(1)
    // Nothing more is written until its clock moves again.
    await expect.poll(async () => seen(await readAll(at('0.flv')))).toEqual(sent(session({ seconds: 1 })))
    await log.close()
  })

  it('knows when nothing came for a while', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const log = openLog()
    log.write(soundMessage(0))
    vi.advanceTimersByTime(900)
    log.write(soundMessage(20))
    vi.advanceTimersByTime(4000)
    const at = new Date(Date.now() - 4000).toISOString()
    log.write(soundMessage(40))
    expect(log.pauses).toEqual([{ startSeconds: expect.closeTo(0.04, 1), seconds: 4, at }])
    await log.close()
  })

  it('is never written over', async () => {
    await writeFile(at('0.flv'), 'kept')
    await expect(createLogFile(at('0.flv'), thread)).rejects.toMatchObject({ code: 'EEXIST' })
  })
})

/** A disk that holds so many bytes and no more, or that waits. */
function smallDisk(capacity: number, held?: Promise<void>): { file: LogFile; content: () => Buffer } {
  let content = Buffer.alloc(0)
  const file: LogFile = {
    named: Promise.resolve(),
    write: (bytes, offset, length, done) => {
      void (held ?? Promise.resolve()).then(() => {
        const room = Math.max(0, Math.min(length, capacity - content.length))
        content = Buffer.concat([content, bytes.subarray(offset, offset + room)])
        if (room === 0)
          done(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }), 0)
        else done(null, room)
      })
    },
    sync: (done) => done(null),
    truncate: async (bytes) => {
      content = content.subarray(0, bytes)
    },
    close: async () => undefined,
  }
  return { file, content: () => content }
}

describe('a disk that refuses', () => {
  it('leaves whole tags, is told of once, and costs ingest nothing', async () => {
    const messages = session({ seconds: 4 })
    for (const capacity of [5, 13, 14, 1000, 5000, 20_000]) {
      const disk = smallDisk(capacity)
      const failures: string[] = []
      const log = openLog({
        file: Promise.resolve(disk.file),
        onFailure: (error) => failures.push(error.message),
      })
      for (const [index, message] of messages.entries()) {
        log.write(message)
        if (index % 10 === 0) log.flush()
      }
      await log.close()
      expect(log.write(messages[0] as MediaMessage)).toBe(true)
      expect(failures).toEqual(['ENOSPC: no space left on device'])
      expect(log.growth).toMatchObject({ bytes: disk.content().length, ended: true })
      await writeFile(at('cut.flv'), disk.content())
      const tags = disk.content().length > 0 ? await readAll(at('cut.flv')) : []
      expect(tags.at(-1)?.end ?? disk.content().length).toBe(disk.content().length)
      expect(seen(tags)).toEqual(sent(messages.slice(0, tags.length)))
      await rm(at('0.idx'), { force: true })
    }
  })

  it('that cannot even make the file is a failure, not a crash', async () => {
    const failures: Error[] = []
    const log = openLog({
      file: Promise.reject(new Error('EIO')),
      onFailure: (error) => failures.push(error),
    })
    log.write(pictureMessage(0, true))
    await log.close()
    expect(failures).toHaveLength(1)
  })

  it('that is slow makes the encoder wait, and go on when there is room', async () => {
    let release: () => void = () => undefined
    const disk = smallDisk(
      1e9,
      new Promise((resolve) => {
        release = resolve
      }),
    )
    let drained = 0
    const log = openLog({ file: Promise.resolve(disk.file), onDrain: () => drained++ })
    let accepted = 0
    while (log.write(pictureMessage(accepted * 40, false, 0, 100_000))) accepted++
    expect(accepted * 100_000).toBeGreaterThan(3_000_000)
    expect(accepted * 100_000).toBeLessThan(6_000_000)
    expect(drained).toBe(0)
    release()
    await log.close()
    expect(drained).toBe(1)
    await writeFile(at('slow.flv'), disk.content())
    expect(await readAll(at('slow.flv'))).toHaveLength(accepted + 1)
  })
})

describe('salvage', () => {
  it('cuts a part of any length after its last whole tag, and the index with it', async () => {
    const messages = session({ seconds: 5 })
    const log = openLog()
    for (const message of messages) log.write(message)
    await log.close()
    const whole = await readFile(at('0.flv'))
    const ends = (await readAll(at('0.flv'))).map((tag) => tag.end)
    const interesting = fc.constantFrom(
      0,
      1,
      12,
      13,
      14,
      ...ends.slice(0, 40).flatMap((end) => [end - 1, end, end + 1, end + 11]),
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(interesting, fc.integer({ min: 0, max: whole.length })), async (length) => {
        await writeFile(at('cut.flv'), whole.subarray(0, length))
        const found = await salvagePart(at('cut.flv'), at('cut.idx'))
        const expected = length < 13 ? 0 : (ends.findLast((end) => end <= length) ?? 13)
        expect(found).toMatchObject({ bytes: expected, cutBytes: length - expected })
        expect(await readFile(at('cut.flv'))).toEqual(whole.subarray(0, expected))
        const keys = readIndex(await readFile(at('cut.idx')))
        expect(keys.every((key) => key.offset < expected)).toBe(true)
        expect(await salvagePart(at('cut.flv'), at('cut.idx'))).toMatchObject({
          bytes: expected,
          cutBytes: 0,
        })
      }),
      { numRuns: 60 },
    )
  })

  it('cuts off what a lost block left as zeros', async () => {
    const log = openLog()
    for (const message of session({ seconds: 3 })) log.write(message)
    await log.close()
    const size = (await stat(at('0.flv'))).size
    const tags = await readAll(at('0.flv'))
    const victim = tags[60]
    const bytes = await readFile(at('0.flv'))
    bytes.fill(0, (victim?.offset ?? 0) + 20)
    await writeFile(at('0.flv'), bytes)
    await truncate(at('0.flv'), size + 4096)
    const found = await salvagePart(at('0.flv'), at('0.idx'))
    expect(found.bytes).toBe(victim?.offset)
    expect(found.durationSeconds).toBeGreaterThan(0)
  })
})
