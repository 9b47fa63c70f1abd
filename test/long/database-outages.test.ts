/** The database is away for a minute in mid-broadcast, gone or silent: every frame is recorded, and the replay catches up by itself. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import type { BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { MediaMessage } from '../../src/ingest/media-message.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { makeBroadcastSource } from '../support/ffmpeg.ts'
import { PacedEncoder } from '../support/kills/paced-encoder.ts'
import { broadcastsOf, lostMs, sessionsOf } from '../support/kills/recorded-sessions.ts'
import { replayedPictures } from '../support/kills/replayed-pictures.ts'
import { messagesOf } from '../support/packaged-video.ts'
import { type Program, startProgram, until } from '../support/program.ts'

const OUTAGE_MS = 60_000
const BEFORE_MS = 5000
const LOOP_SECONDS = 10
const LOOPS = 10
const log = makeLogger('silent')

let folder: string
let messages: MediaMessage[]
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-outages-'))
  const source = path.join(folder, 'source.flv')
  await makeBroadcastSource(source, { seconds: LOOP_SECONDS, size: '426x240' })
  const once = await messagesOf(source)
  messages = Array.from({ length: LOOPS }, (_, loop) =>
    once
      .filter(({ parts, type }) => loop === 0 || (type !== 18 && parts[0]?.[1] !== 0))
      .map((message) => ({ ...message, timestampMs: message.timestampMs + loop * LOOP_SECONDS * 1000 })),
  ).flat()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A broadcast through an outage: it goes on as if nothing were, and everything is told when the database is back. */
async function broadcastThrough(program: Program, outage: () => Promise<void>): Promise<void> {
  const encoder = await PacedEncoder.start(program.rtmpPort, program.firstRun.streamKey, { messages })
  await delay(BEFORE_MS)
  const before = encoder.sent.length
  await outage()
  expect(encoder.sent.length, 'it went on sending').toBeGreaterThan(before + 60 * 30)
  const page = await until(
    async () => (await fetch(`${program.site}/readyz`)).status,
    (status) => status === 200,
    120_000,
  )
  expect(page).toBe(200)
  encoder.goodbye()
  const { items } = await until(
    () => program.api<BroadcastList>('/broadcasts'),
    (list) => list.items.length === 1 && list.items[0]?.state === 'ended',
    120_000,
  )
  const [broadcastId = ''] = await broadcastsOf(program.storageDir)
  const [session] = await sessionsOf(program.storageDir, broadcastId)
  expect(session?.frames).toHaveLength(encoder.sent.length)
  expect(lostMs(encoder.sent, session?.frames ?? [], performance.now())).toBe(0)
  expect(items[0]).toMatchObject({
    verdict: { complete: true, gaps: [], disconnects: [] },
    sessions: [{ ending: 'unpublished' }],
  })
  // Not the end-of-sequence tag that each loop of the file has: FLV 10.1 §E.4.3.1.
  const pictures = session?.frames.filter(
    (body) => [0x17, 0x27].includes(body[0] ?? 0) && body[1] === 1,
  ).length
  expect(await replayedPictures(program, items[0]?.videoId ?? '', folder)).toBe(pictures)
}

it('a database that is stopped for a minute', async () => {
  const dir = path.join(folder, 'cluster')
  const first = await openEmbeddedPostgres(dir, { log })
  let stop = () => first[Symbol.asyncDispose]()
  try {
    await using program = await startProgram({ env: { DATABASE_URL: first.url } })
    await broadcastThrough(program, async () => {
      await stop()
      expect((await fetch(`${program.site}/readyz`)).status).toBe(503)
      await delay(OUTAGE_MS)
      const second = await openEmbeddedPostgres(dir, { log })
      expect(second.url, 'back at the same address').toBe(first.url)
      stop = () => second[Symbol.asyncDispose]()
    })
  } finally {
    await stop()
  }
}, 400_000)

it('a database that hangs: nobody waits for it for ever, and it is replaced', async () => {
  await using program = await startProgram()
  await broadcastThrough(program, async () => {
    const postmaster = await hang(program)
    const asked = performance.now()
    const answer = await fetch(`${program.site}/api/v1/videos`)
    expect(answer.status, 'within the patience of a query').toBe(503)
    expect(performance.now() - asked).toBeLessThan(45_000)
    await until(
      async () => program.output(),
      (output) => output.includes('embedded database runs again'),
      OUTAGE_MS,
    )
    expect(await postmasterOf(program)).not.toBe(postmaster)
    await delay(Math.max(0, OUTAGE_MS - (performance.now() - asked)))
  })
  expect(program.output()).toContain('embedded database does not answer any more; ending it')
}, 400_000)

async function postmasterOf({ storageDir }: Program): Promise<number> {
  const pidFile = path.join(storageDir, 'postgres', 'data', 'postmaster.pid')
  return Number((await readFile(pidFile, 'utf8')).split('\n')[0])
}

/** Stops the server and all its children, as a machine that stands still does. Returns its pid. */
async function hang(program: Program): Promise<number> {
  const postmaster = await postmasterOf(program)
  process.kill(postmaster, 'SIGSTOP')
  for (const name of await readdir('/proc')) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // proc_pid_stat(5): pid (comm) state ppid; comm may hold anything.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === postmaster)
      process.kill(Number(name), 'SIGSTOP')
  }
  return postmaster
}
