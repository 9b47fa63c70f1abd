/**
 * A hundred full disks at random points of a recording, half of them a real disk without room, half
 * refusing at an exact byte: each time the part ends on a whole message, exactly what was sent before, is
 * told once, is not touched again, and the next session records. Then the whole program on such a disk.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { MediaMessage } from '../../src/ingest/media-message.ts'
import { type BroadcastId, newId, type SessionId } from '../../src/kernel/ids.ts'
import { makeStoragePaths } from '../../src/media/layout.ts'
import { createLogFile } from '../../src/recording/log-file.ts'
import { readLog } from '../../src/recording/log-reader.ts'
import { Recorder } from '../../src/recording/recorder.ts'
import type { ClosedPart } from '../../src/recording/recording-ledger.ts'
import { salvagePart } from '../../src/recording/salvage.ts'
import { countPackets, makeBroadcastSource, publish } from '../support/ffmpeg.ts'
import { session } from '../support/flv-messages.ts'
import { startProgram, until } from '../support/program.ts'
import { type DiskCall, RefusingDisk } from '../support/refusing-disk.ts'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'

const ROUNDS_A_POINT = 10
const messages = session({ seconds: 12 })
const TAG_OVERHEAD_BYTES = 15
const FILE_HEADER_BYTES = 13

let folder: string
let disk: SmallDisk
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-full-'))
  disk = await mountSmallDisk(path.join(folder, 'disk'), 4)
})
afterAll(async () => {
  disk[Symbol.dispose]()
  await rm(folder, { recursive: true })
})

/** Where each message's tag ends in the file. */
const ends: number[] = []
for (const { byteLength } of messages)
  ends.push((ends.at(-1) ?? FILE_HEADER_BYTES) + byteLength + TAG_OVERHEAD_BYTES)
const random = (below: number) => Math.floor(Math.random() * below)
const boundary = () => ends[random(ends.length - 1)] ?? 0

interface Round {
  readonly root: string
  readonly createFile?: typeof createLogFile
  /** Called when a session is open and has written nothing. */
  readonly obstruct: () => Promise<unknown> | undefined
  readonly makeRoom: () => Promise<unknown> | undefined
  /** False: the recording must notice nothing. */
  readonly fails: boolean
}

async function survive({
  root,
  createFile = createLogFile,
  obstruct,
  makeRoom,
  fails,
}: Round): Promise<void> {
  const paths = makeStoragePaths(root)
  const broadcastId = newId<BroadcastId>()
  const closed: ClosedPart[] = []
  const recorder = new Recorder({
    paths,
    createFile,
    ledger: { partOpened: () => undefined, partClosed: (part) => closed.push(part) },
  })
  const record = async (sent: readonly MediaMessage[], before?: () => Promise<unknown> | undefined) => {
    const log = await recorder.openSession({ broadcastId, sessionId: newId<SessionId>(), firstPart: 0 })
    const failures: Error[] = []
    log.onFailure((error) => failures.push(error))
    await before?.()
    for (const [index, message] of sent.entries()) {
      log.write(message)
      // What is under way is on the disk, or refused, before the next comes.
      if (index % 60 === 59 && failures.length === 0 && !log.growth.ended)
        await log.growth.beyond(log.growth.bytes)
    }
    await log.close()
    return failures
  }
  const failures = await record(messages, obstruct)
  expect(failures).toHaveLength(fails ? 1 : 0)
  expect(closed[0]?.failure === undefined).toBe(!fails)
  const first = paths.recordingPart(broadcastId, 0)
  const kept = await readFile(first)
  expect(await wholeMessages(first), 'the part').toBe(
    fails ? ends.filter((end) => end <= kept.length).length : messages.length,
  )
  expect(kept.length).toBe(closed[0]?.bytes)
  await makeRoom()
  expect(await record(messages), 'of the next session').toEqual([])
  expect(await wholeMessages(paths.recordingPart(broadcastId, 1))).toBe(messages.length)
  expect(await salvagePart(first, paths.recordingIndex(broadcastId, 0))).toMatchObject({
    cutBytes: kept.length < FILE_HEADER_BYTES ? kept.length : 0,
  })
  expect((await readFile(first)).equals(kept.length < FILE_HEADER_BYTES ? Buffer.alloc(0) : kept)).toBe(true)
  await rm(paths.recording(broadcastId), { recursive: true })
}

/** Expects exactly the first messages that were sent, and nothing after the last whole one. */
async function wholeMessages(file: string): Promise<number> {
  const { length } = await readFile(file)
  if (length <= FILE_HEADER_BYTES) return 0
  let [count, end] = [0, 0]
  for await (const tags of readLog(file)) {
    for (const tag of tags) {
      expect(Buffer.compare(tag.body, Buffer.concat(messages[count]?.parts ?? []))).toBe(0)
      count += 1
      end = tag.end
    }
  }
  expect(end).toBe(length)
  return count
}

const TIMES = Array.from({ length: ROUNDS_A_POINT }, (_, round) => round)

describe('a disk that refuses at an exact byte', () => {
  const POINTS: readonly [
    point: string,
    roomBytes: () => number,
    call: DiskCall,
    file: RegExp,
    fails: boolean,
  ][] = [
    ['between two messages', boundary, 'write', /\.flv$/, true],
    ['in the middle of a message', () => boundary() + 1 + random(30), 'write', /\.flv$/, true],
    ['in the file header', () => random(FILE_HEADER_BYTES), 'write', /\.flv$/, true],
    ['in the index alone', () => random(40), 'write', /\.idx$/, false],
    ['at fdatasync', () => 0, 'sync', /\.flv$/, true],
  ]

  it.each(POINTS)('%s', async (_point, roomBytes, call, file, fails) => {
    for (const round of TIMES) {
      const refusing = new RefusingDisk()
      await survive({
        root: path.join(folder, `exact-${round}`),
        createFile: refusing.createFile,
        obstruct: async () => refusing.refuse('ENOSPC', { call, file, roomBytes: roomBytes() }),
        makeRoom: async () => refusing.makeRoom(),
        fails,
      })
    }
  })
})

describe('a real disk without room', () => {
  const POINTS: readonly [point: string, leaveBytes: () => number][] = [
    ['for a single byte', () => 0],
    ['for more than some pages', () => 4096 * (1 + random(8))],
    ['for the second half', () => Math.round((ends.at(-1) ?? 0) / 2)],
    ['for anything after a random place', () => random((ends.at(-1) ?? 0) - 20_000)],
    ['for the last pages', () => (ends.at(-1) ?? 0) - 16_384],
  ]

  it.each(POINTS)('%s', async (_point, leaveBytes) => {
    for (const _round of TIMES)
      await survive({
        root: disk.folder,
        obstruct: () => disk.fill(leaveBytes()),
        makeRoom: disk.makeRoom,
        fails: true,
      })
  })
})

describe('the whole program on a disk that becomes full', () => {
  it('ends the broadcast in words at the encoder and on its page, and takes it up again when there is room', async () => {
    const source = path.join(folder, 'source.flv')
    await makeBroadcastSource(source, { seconds: 20, size: '426x240' })
    const storageDir = path.join(folder, 'storage')
    using recordings = await mountSmallDisk(path.join(storageDir, 'recordings'), 32)
    await using program = await startProgram({ storageDir, env: { GRACE_SECONDS: '120' } })
    const first = publish(source, program.publishUrl)
    await until(
      () => program.api<BroadcastList>('/broadcasts?state=live'),
      ({ items }) => (items[0]?.recording.bytes ?? 0) > 500_000,
      30_000,
    )
    await recordings.fill(100_000)
    expect(await first.done, 'ffmpeg is told').not.toBe(0)
    expect(first.stderr()).toContain('its disk is full')
    const refused = publish(source, program.publishUrl)
    expect(await refused.done, 'nothing can begin').not.toBe(0)
    expect(refused.stderr()).toContain("The server's disk is full")
    const [interrupted] = (await program.api<BroadcastList>('/broadcasts')).items
    expect(interrupted).toMatchObject({ state: 'interrupted', sessions: [{ ending: 'disk' }] })

    await recordings.makeRoom()
    const again = publish(source, program.publishUrl)
    expect(await again.done, again.stderr()).toBe(0)
    const { items } = await until(
      () => program.api<BroadcastList>('/broadcasts'),
      ({ items: [broadcast] }) => broadcast?.state === 'ended',
      60_000,
    )
    expect(items).toHaveLength(1)
    const broadcast = items[0] as Broadcast
    expect(broadcast.verdict).toMatchObject({
      complete: false,
      gaps: [{ reason: 'disk' }],
      disconnects: [{ ending: 'disk' }],
    })
    expect(broadcast.verdict?.summary).toContain("the server's disk was full")
    expect(await countPackets(path.join(recordings.folder, broadcast.id, '1.flv'))).toBe(20 * 30)
  })
})
