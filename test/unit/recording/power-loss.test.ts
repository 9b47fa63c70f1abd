/** What a power loss may take: everything a file holds that no fdatasync has covered, whole or page by page. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import { FlushTimer } from '../../../src/recording/flush-timer.ts'
import { encodeIndexRecord, readIndex } from '../../../src/recording/keyframe-index.ts'
import type { LogFile } from '../../../src/recording/log-file.ts'
import { type LogTag, readLog } from '../../../src/recording/log-reader.ts'
import { LogWriter } from '../../../src/recording/log-writer.ts'
import { salvagePart } from '../../../src/recording/salvage.ts'
import { WriteBuffers } from '../../../src/recording/write-buffers.ts'
import {
  aacConfigMessage,
  avcConfigMessage,
  metadataMessage,
  soundMessage,
} from '../../support/flv-messages.ts'

const RECOVERY_POINT_MS = 2000
const PAGE_BYTES = 4096
const WRITE_MS = 30
const SYNC_MS = 250

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'power-loss-'))
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => void vi.useRealTimers())

/** A disk that takes its time, and knows what it has been told to keep. */
class SlowDisk implements LogFile {
  content = Buffer.alloc(0)
  syncedBytes = 0
  syncs = 0
  named = Promise.resolve()

  write(bytes: Uint8Array, offset: number, length: number, done: (error: null, written: number) => void) {
    const taken = Buffer.from(bytes.subarray(offset, offset + length))
    setTimeout(() => {
      this.content = Buffer.concat([this.content, taken])
      done(null, length)
    }, WRITE_MS)
  }

  sync(done: (error: null) => void) {
    // Of what is written while it runs nothing is promised.
    const bytes = this.content.length
    this.syncs += 1
    setTimeout(() => {
      this.syncedBytes = Math.max(this.syncedBytes, bytes)
      done(null)
    }, SYNC_MS)
  }

  truncate = () => Promise.resolve()
  close = () => Promise.resolve()
}

/** As H.264 has it: never three zero bytes in a row. Keyframes of some pages, other pictures of one or two. */
function picture(timestampMs: number, keyframe: boolean): MediaMessage {
  const data = Buffer.alloc(keyframe ? 60_000 : 7_000, 1 + (timestampMs % 250))
  const body = Buffer.concat([Buffer.of(keyframe ? 0x17 : 0x27, 1, 0, 0, 0), data])
  return { type: VIDEO, timestampMs, parts: [body], byteLength: body.length }
}

interface Instant {
  readonly atMs: number
  readonly bytes: number
  readonly syncedBytes: number
}

/** Records at the pace of the messages' own times, by a clock that is turned by hand. */
async function recordByClock(seconds: number) {
  vi.useFakeTimers({
    toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'],
  })
  const disk = new SlowDisk()
  const indexDisk = new SlowDisk()
  const log = new LogWriter({
    buffers: new WriteBuffers(),
    file: Promise.resolve(disk),
    index: Promise.resolve(indexDisk),
    timer: new FlushTimer(),
    onDrain: () => undefined,
    onFailure: (error) => {
      throw error
    },
  })
  const messages = [metadataMessage(), avcConfigMessage(), aacConfigMessage()]
  const received: { atMs: number; endBytes: number }[] = []
  const instants: Instant[] = []
  for (const message of messages) log.write(message)
  for (let atMs = 0; atMs < seconds * 1000; atMs += 20) {
    const now = atMs % 40 === 0 ? picture(atMs, atMs % 2000 === 0) : soundMessage(atMs)
    messages.push(now)
    log.write(now)
    received.push({ atMs, endBytes: log.bytes })
    await vi.advanceTimersByTimeAsync(20)
    instants.push({ atMs: atMs + 20, bytes: disk.content.length, syncedBytes: disk.syncedBytes })
  }
  const closing = log.close()
  await vi.advanceTimersByTimeAsync(5000)
  await closing
  vi.useRealTimers()
  return { disk, messages, received, instants, log }
}

describe('a power loss', () => {
  let run: Awaited<ReturnType<typeof recordByClock>>
  beforeAll(async () => {
    run = await recordByClock(20)
  })

  it('costs at most 2 s: at no instant is anything older unsynced', () => {
    const oldestUnsynced = ({ atMs, syncedBytes }: Instant) =>
      atMs - (run.received.find(({ endBytes }) => endBytes > syncedBytes)?.atMs ?? atMs)
    const ages = run.instants.map(oldestUnsynced)
    expect(Math.max(...ages)).toBeLessThanOrEqual(RECOVERY_POINT_MS)
    // And it is not synced for every byte either.
    expect(Math.max(...ages)).toBeGreaterThan(1000)
    expect(run.disk.syncs).toBeLessThan(20)
    expect(run.disk.syncedBytes, 'and all of it when it is closed').toBe(run.log.bytes)
  })

  it('leaves a part that is mended to whole messages, whatever the disk kept of the rest', async () => {
    const file = path.join(folder, 'lost.flv')
    const indexFile = path.join(folder, 'lost.idx')
    const sent = run.messages.map((message) => Buffer.concat(message.parts))
    const instant = fc.integer({ min: 0, max: run.instants.length - 1 })
    await fc.assert(
      fc.asyncProperty(
        instant,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.infiniteStream(fc.boolean()),
        async (at, share, isKept) => {
          const { atMs, bytes, syncedBytes } = run.instants[at] as Instant
          const left = Buffer.from(
            run.disk.content.subarray(0, syncedBytes + Math.round((bytes - syncedBytes) * share)),
          )
          for (
            let page = Math.floor(syncedBytes / PAGE_BYTES) * PAGE_BYTES;
            page < left.length;
            page += PAGE_BYTES
          )
            if (!isKept.next().value)
              left.fill(0, Math.max(page, syncedBytes), Math.min(page + PAGE_BYTES, left.length))
          await writeFile(file, left)
          // The index is never synced: its tail may be cut, or be there as zeros.
          await writeFile(
            indexFile,
            Buffer.concat([encodeIndexRecord({ offset: 13, timestampMs: 7 }), Buffer.alloc(24)]),
          )

          const found = await salvagePart(file, indexFile)
          const bodies: Uint8Array[] = []
          for await (const tags of readLog(file)) bodies.push(...tags.map(({ body }) => body))
          expect(bodies.length).toBeLessThanOrEqual(sent.length)
          for (const [index, body] of bodies.entries())
            expect(Buffer.compare(body, sent[index] as Buffer)).toBe(0)
          const due = run.received.findLast((one) => one.atMs <= atMs - RECOVERY_POINT_MS)
          expect(found.bytes).toBeGreaterThanOrEqual(due?.endBytes ?? 0)
          const keyframes = readIndex(await readFile(indexFile))
          expect(keyframes).toHaveLength(bodies.filter((body) => body[0] === 0x17 && body[1] === 1).length)
          for (const { offset, timestampMs } of keyframes) {
            for await (const [tag] of readLog(file, { from: offset })) {
              expect([tag?.timestampMs, (tag?.body[0] ?? 0) >> 4]).toEqual([timestampMs, 1])
              break
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('that took one page from the middle of a picture is known by zeros that no picture holds', async () => {
    const file = path.join(folder, 'page.flv')
    const left = Buffer.from(run.disk.content)
    await writeFile(file, left)
    const tags: LogTag[] = []
    for await (const batch of readLog(file)) tags.push(...batch)
    const victim = tags.filter(({ body }) => body.length > 50_000)[2]
    const page = Math.ceil(((victim?.offset ?? 0) + 11) / PAGE_BYTES) * PAGE_BYTES
    left.fill(0, page, page + PAGE_BYTES)
    await writeFile(file, left)
    expect(await salvagePart(file, path.join(folder, 'page.idx'))).toMatchObject({ bytes: victim?.offset })
  })
})
