/** A disk that refuses in mid-broadcast: whom it costs what, and who is told. Real RTMP, recorder and database; the packager stands aside. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeBroadcastLedger } from '../../../src/database/broadcasts.ts'
import { makeRecordingLedger } from '../../../src/database/recordings.ts'
import { type AmfValue, readAmf0Values } from '../../../src/formats/amf0.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import { RtmpServer } from '../../../src/ingest/rtmp-server.ts'
import { newId } from '../../../src/kernel/ids.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { BroadcastService } from '../../../src/library/broadcasts/broadcast-service.ts'
import { makeStoragePaths } from '../../../src/media/layout.ts'
import { readLog } from '../../../src/recording/log-reader.ts'
import { Recorder } from '../../../src/recording/recorder.ts'
import type { Verdict } from '../../../src/recording/verdict.ts'
import { session } from '../../support/flv-messages.ts'
import { addChannel } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'
import { RefusingDisk } from '../../support/refusing-disk.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const log = makeLogger('silent')
const messages = session({ seconds: 20 })

let open: AsyncDisposableStack
let folder: string
let database: TestDatabase
let disk: RefusingDisk
let port: number
beforeEach(async () => {
  open = new AsyncDisposableStack()
  folder = await mkdtemp(path.join(tmpdir(), 'refusing-'))
  open.defer(() => rm(folder, { recursive: true }))
  database = open.use(await createTestDatabase())
  disk = new RefusingDisk()
})
afterEach(() => open.disposeAsync())

async function serve(options: { maxBroadcastBytes?: number } = {}): Promise<void> {
  const { prisma } = database
  const parts = makeRecordingLedger(prisma, log)
  open.defer(() => parts.close())
  const recorder = new Recorder({
    paths: makeStoragePaths(folder),
    ledger: parts,
    createFile: disk.createFile,
  })
  const gate = new BroadcastService({
    ledger: makeBroadcastLedger(prisma),
    recorder: { openSession: (one) => recorder.openSession({ ...one, firstPart: 0 }) },
    packager: {
      follow: ({ broadcastId }) => ({
        finish: async () => {
          recorder.endBroadcast(broadcastId)
          return { segments: 1, durationSeconds: 1 }
        },
        stop: async () => undefined,
      }),
    },
    audience: { broadcastChanged: () => undefined },
    partsWritten: () => parts.settled(),
    graceMs: 60_000,
    takeover: 'take-over',
    maxBroadcasts: 0,
    quotaBytes: 0,
    maxBroadcastBytes: options.maxBroadcastBytes ?? 0,
    diskRefusal: async () => undefined,
    onEnded: () => undefined,
    log,
  })
  const hub = new LiveHub()
  open.defer(() => hub.close())
  const playGate = { mayPlay: () => Promise.resolve(false) }
  const rtmp = open.use(new RtmpServer({ host: '127.0.0.1', port: 0, gate, playGate, hub, logger: log }))
  open.defer(() => gate.drain())
  port = await rtmp.listen()
}

/** A channel's stream key. */
async function makeKey(): Promise<string> {
  const key = `rk_${newId()}`
  const hash = createHash('sha256').update(key).digest('hex')
  await database.prisma.streamKey.create({
    data: {
      id: newId(),
      channelId: await addChannel(database.prisma),
      label: 'test',
      hash,
      hint: key.slice(-4),
    },
  })
  return key
}

/** An encoder on air, which sends when it is told to. */
async function publish(key: string) {
  const client = await RtmpClient.connected(port)
  open.defer(() => client.close())
  client.command(1, 'publish', 3, null, key, 'live')
  await client.status('NetStream.Publish.Start')
  let sent = 0
  return {
    client,
    /** Messages up to that second of the stream. */
    send(untilSecond: number) {
      for (; sent < messages.length; sent++) {
        const message = messages[sent] as MediaMessage
        if (message.timestampMs >= untilSecond * 1000) return
        client.send({ csid: 6, streamId: 1, ...message, body: Buffer.concat(message.parts) })
      }
    },
    goodbye: () => client.command(0, 'deleteStream', 4, null, 1),
    /** What it was told when it was stopped. */
    async told(): Promise<string> {
      const status = await client.answer(({ body }) => body.includes('onStatus') && body.includes('error'))
      await client.closed
      return String((readAmf0Values(status.body)[3] as Record<string, AmfValue>).description)
    },
  }
}

const broadcasts = () =>
  database.prisma.broadcast.findMany({
    orderBy: { startedAt: 'asc' },
    include: { sessions: { orderBy: { ordinal: 'asc' } }, recordings: { orderBy: { part: 'asc' } } },
  })
const ended = async (index: number) => {
  await expect.poll(async () => (await broadcasts())[index]?.state).toBe('ended')
  return (await broadcasts())[index] as Awaited<ReturnType<typeof broadcasts>>[number]
}

/** Expects whole messages, exactly the first that were sent, and says how many. */
async function wholeMessages(broadcastId: string, part: number): Promise<number> {
  const file = path.join(folder, 'recordings', broadcastId, `${part}.flv`)
  const { length } = await readFile(file)
  let [count, end] = [0, Math.min(13, length)]
  if (length === 0) return 0
  for await (const tags of readLog(file)) {
    for (const tag of tags) {
      expect(Buffer.compare(tag.body, Buffer.concat(messages[count]?.parts ?? []))).toBe(0)
      count += 1
      end = tag.end
    }
  }
  expect(end, 'nothing is cut').toBe(length)
  return count
}

describe('a full disk in mid-broadcast', () => {
  it('ends that session on a whole message, in words, and no other; with room again the broadcast goes on', async () => {
    await serve()
    const key = await makeKey()
    const first = await publish(key)
    const [{ id } = { id: '' }] = await broadcasts()
    const other = await publish(await makeKey())
    first.send(5)
    other.send(5)
    disk.refuse('ENOSPC', { file: new RegExp(`${id}.*\\.flv$`), roomBytes: 1234 })
    first.send(10)
    expect(await first.told()).toBe(
      'The server cannot record any more: its disk is full. What came before is kept.',
    )
    other.send(20)
    other.goodbye()
    const untouched = await ended(1)
    expect(untouched).toMatchObject({ verdict: { complete: true }, sessions: [{ ending: 'unpublished' }] })
    expect(await wholeMessages(untouched.id, 0)).toBe(messages.length)

    await expect.poll(async () => (await broadcasts())[0]?.state).toBe('interrupted')
    const kept = await wholeMessages(id, 0)
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(messages.length / 2)

    disk.makeRoom()
    const again = await publish(key)
    again.send(20)
    again.goodbye()
    const record = await ended(0)
    expect(record.sessions.map(({ ending }) => ending)).toEqual(['disk', 'unpublished'])
    expect(record.recordings).toMatchObject([
      { state: 'failed', failure: expect.stringContaining('ENOSPC') },
      { state: 'closed' },
    ])
    expect(await wholeMessages(id, 0), 'nothing is added to what the disk cut').toBe(kept)
    expect(await wholeMessages(id, 1)).toBe(messages.length)
    const verdict = record.verdict as unknown as Verdict
    expect(verdict).toMatchObject({ complete: false, gaps: [{ reason: 'disk' }] })
    expect(verdict.summary).toContain("the server's disk was full")
  })

  it('that cannot even begin a part refuses the publish in words, and takes the next', async () => {
    await serve()
    const key = await makeKey()
    disk.refuse('ENOSPC', { call: 'create' })
    const client = await RtmpClient.connected(port)
    client.command(1, 'publish', 3, null, key, 'live')
    const refused = await client.answer((answer) => answer.body.includes('onStatus'))
    expect(refused.body.toString()).toMatch(/The disk is full/)
    disk.makeRoom()
    const next = await publish(key)
    next.send(1)
    next.goodbye()
    expect((await ended(1)).sessions).toMatchObject([{ ending: 'unpublished' }])
  })

  it('that only its index notices costs nothing', async () => {
    await serve()
    disk.refuse('ENOSPC', { file: /\.idx$/ })
    const encoder = await publish(await makeKey())
    encoder.send(20)
    encoder.goodbye()
    const record = await ended(0)
    expect(record).toMatchObject({ verdict: { complete: true }, sessions: [{ ending: 'unpublished' }] })
    expect(await wholeMessages(record.id, 0)).toBe(messages.length)
  })
})

describe('a disk that refuses for another reason', () => {
  it.each([
    ['EIO', 'write'],
    ['EROFS', 'write'],
    ['EBADF', 'write'],
    ['EIO', 'sync'],
  ] as const)('%s at %s ends the session on a whole message, and says so', async (code, call) => {
    await serve()
    const encoder = await publish(await makeKey())
    encoder.send(4)
    disk.refuse(code, { call })
    encoder.send(20)
    expect(await encoder.told()).toBe(
      `The server cannot record any more: its disk refused to write (${code}). What came before is kept.`,
    )
    await expect.poll(async () => (await broadcasts())[0]?.sessions[0]?.ending).toBe('write-error')
    const [record] = await broadcasts()
    await wholeMessages(record?.id ?? '', 0)
  })
})

describe('a broadcast that becomes as large as it may', () => {
  it('ends on a whole message, is complete, and says so; the next publish is a new broadcast (pain 36)', async () => {
    const maxBroadcastBytes = 60_000
    await serve({ maxBroadcastBytes })
    const key = await makeKey()
    const encoder = await publish(key)
    encoder.send(20)
    expect(await encoder.told()).toContain(
      'has reached the largest size this server takes, 0.1 MiB, and was ended',
    )
    const record = await ended(0)
    const count = await wholeMessages(record.id, 0)
    expect(count).toBeLessThan(messages.length)
    expect(record.recordings[0]?.bytes).toBeGreaterThan(maxBroadcastBytes - 1000)
    expect(Number(record.recordings[0]?.bytes)).toBeLessThanOrEqual(maxBroadcastBytes + 13)
    expect(record.sessions).toMatchObject([{ ending: 'size-limit' }])
    expect((record.verdict as unknown as Verdict).summary).toContain('It was ended there')
    const next = await publish(key)
    next.send(1)
    next.goodbye()
    expect((await ended(1)).sessions).toMatchObject([{ ending: 'unpublished' }])
  })
})
