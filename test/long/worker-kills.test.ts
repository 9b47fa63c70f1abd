/**
 * Workers killed with -9 at a hundred random instants while two of them encode, and the database ten times: afterwards
 * everything is what an undisturbed run makes, and nothing is left over.
 *
 * `KILLS=20 npx vitest run --project long test/long/worker-kills.test.ts` does fewer.
 */
import { openAsBlob, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import type { Video } from '../../src/delivery/contract/videos.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { countPackets, ffmpeg } from '../support/ffmpeg.ts'
import { freePort } from '../support/free-port.ts'
import { h264 } from '../support/media.ts'
import { administer, type Installation, type RoleProcess, startRole } from '../support/role-process.ts'

const KILLS = Number(process.env.KILLS ?? 100)
const DATABASE_KILLS = Math.ceil(KILLS / 10)
const RATE = 15
/** Enough to do for two workers; a worker that has just been killed takes a second to be back. */
const MIN_WAITING_CHUNKS = 3
const KILL_EVERY_MS = 2_500

let folder: string
let stack: AsyncDisposableStack
let installation: Installation
let database: Awaited<ReturnType<typeof openEmbeddedPostgres>>
let client: pg.Pool
let admin: Awaited<ReturnType<typeof administer>>
let site: RoleProcess
const workers: RoleProcess[] = []
const sources: { readonly file: string; readonly seconds: number; reference?: Outcome }[] = []

/** What is compared: of each quality its pictures, and the names of all files. */
interface Outcome {
  readonly frames: Readonly<Record<string, number>>
  readonly files: readonly string[]
}

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-worker-kills-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  database = stack.use(
    await openEmbeddedPostgres(path.join(folder, 'postgres'), {
      log: makeLogger('silent'),
      settings: { max_connections: '200' },
    }),
  )
  client = new pg.Pool({ connectionString: database.url, max: 2 })
  // It is killed under them.
  client.on('error', () => undefined)
  stack.defer(() => client.end())
  installation = {
    storageDir: path.join(folder, 'storage'),
    databaseUrl: database.url,
    port: await freePort(),
    rtmpPort: await freePort(),
    env: { LOG_LEVEL: 'warn' },
  }
  site = stack.use(await startRole(installation, 'ingest,web'))
  admin = await administer(installation)
  for (const seconds of [24, 33]) {
    const file = path.join(folder, `${seconds}.mp4`)
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `testsrc2=s=480x270:r=${RATE}:d=${seconds}`],
      ...['-f', 'lavfi', '-i', `sine=440:d=${seconds}`],
      ...[...h264(RATE), '-c:a', 'aac', file],
    )
    sources.push({ file, seconds })
  }
})
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
  await stack?.disposeAsync()
})

async function upload(file: string): Promise<string> {
  const form = new FormData()
  form.set('title', path.basename(file))
  form.set('visibility', 'public')
  form.set('file', await openAsBlob(file), path.basename(file))
  return (await admin.api<Video>('/uploads', { method: 'POST', body: form })).id
}

async function untilReady(videoId: string): Promise<Video> {
  for (;;) {
    const video = await admin.api<Video>(`/videos/${videoId}`).catch(() => undefined)
    if (video?.state === 'ready') return video
    if (video?.state === 'failed') throw new Error(`${videoId}: ${JSON.stringify(video.failure)}`)
    await delay(200)
  }
}

async function outcomeOf(video: Video): Promise<Outcome> {
  const master = new URL(video.playback.hls ?? '', admin.site)
  const frames: Record<string, number> = {}
  for (const { name, kind, state } of video.renditions) {
    expect(state, `${video.id} ${name}`).toBe('ready')
    if (kind !== 'audio') frames[name] = await countPackets(new URL(`${name}/index.m3u8`, master).href)
  }
  const media = path.join(installation.storageDir, 'media', video.id)
  const files = readdirSync(media, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(media, path.join(entry.parentPath, entry.name)))
    // The best of the pictures that are there when it is made: not always the same, and named by what it shows.
    .map((file) => file.replace(/^(poster|preview)\/[0-9a-f]+/, '$1/any'))
    .toSorted()
  return { frames, files }
}

const count = async (query: string): Promise<number> =>
  Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${query}`)).rows[0]?.n)
/** What is asked for twice finds nothing to do, and is gone; pictures beside the video come last. Nothing has failed. */
async function untilIdle(): Promise<void> {
  const ours = "pgboss.job WHERE name NOT LIKE '\\_\\_%'"
  await expect
    .poll(() => count(`${ours} AND state IN ('created', 'retry', 'active')`), {
      timeout: 300_000,
      interval: 500,
    })
    .toBe(0)
  const { rows } = await client.query(`SELECT name, data, output FROM ${ours} AND state <> 'completed'`)
  expect(rows).toEqual([])
}
const waitingChunks = () =>
  count("chunks WHERE state IN ('waiting', 'encoding')").catch(() => Number.POSITIVE_INFINITY)

it(`loses, doubles and forgets nothing in ${KILLS} kills of workers and ${DATABASE_KILLS} of the database (pain 22)`, async () => {
  workers.push(await startRole(installation, 'worker'))
  for (const source of sources) {
    const video = await untilReady(await upload(source.file))
    await untilIdle()
    source.reference = await outcomeOf(video)
  }
  for (const { reference, seconds } of sources)
    for (const [name, frames] of Object.entries(reference?.frames ?? {}))
      expect(frames, name).toBe(seconds * RATE)
  workers.push(await startRole(installation, 'worker'))

  const uploaded: { readonly id: string; readonly source: (typeof sources)[number] }[] = []
  let inEncode = 0
  for (let kill = 0; kill < KILLS; kill++) {
    for (let i = 0; (await waitingChunks()) < MIN_WAITING_CHUNKS && i < 3; i++) {
      const source = sources[uploaded.length % sources.length]
      if (!source) throw new Error('there are sources')
      const id = await upload(source.file).catch(() => undefined)
      if (id === undefined) break
      uploaded.push({ id, source })
    }
    await delay(Math.random() * KILL_EVERY_MS * 2)
    if (kill % 10 === 5) {
      process.kill(database.pid, 'SIGKILL')
      // It comes back by itself; so has everything else to.
      await expect
        .poll(
          () =>
            count('videos').then(
              () => true,
              () => false,
            ),
          { timeout: 120_000 },
        )
        .toBe(true)
    }
    const which = kill % workers.length
    inEncode += (await count("chunks WHERE state = 'encoding'").catch(() => 0)) > 0 ? 1 : 0
    await workers[which]?.kill()
    // Where the database is just away a worker does not start: an orchestrator would try again as well.
    for (;;) {
      const again = await startRole(installation, 'worker').catch((error: unknown) => {
        if (!String(error).includes('DATABASE_URL')) throw error
      })
      if (again) {
        workers[which] = again
        break
      }
      await delay(500)
    }
  }
  // Else the test would prove little.
  expect(inEncode).toBeGreaterThan(KILLS / 4)

  const ready: { readonly video: Video; readonly source: (typeof sources)[number] }[] = []
  for (const { id, source } of uploaded) ready.push({ video: await untilReady(id), source })
  await untilIdle()
  for (const { video, source } of ready) expect(await outcomeOf(video), video.id).toEqual(source.reference)
  const attempts: number[] = []
  for (const { n } of (await client.query<{ n: number }>('SELECT attempts AS n FROM chunks')).rows)
    attempts[n] = (attempts[n] ?? 0) + 1
  console.log(
    `${KILLS} kills, ${inEncode} of them in mid-encode; ${uploaded.length} videos; chunks by attempts:`,
    attempts,
  )
  expect(
    await count("chunks WHERE state <> 'ready' OR attempt_id IS NOT NULL OR lease_until IS NOT NULL"),
  ).toBe(0)
  expect(await count("renditions WHERE state <> 'ready'")).toBe(0)

  // Time passes, and whoever starts next clears up.
  const asides = path.join(installation.storageDir, 'media/.aside')
  await mkdir(asides, { recursive: true })
  const hoursAgo = new Date(Date.now() - 2 * 3600_000)
  for (const name of await readdir(asides)) await utimes(path.join(asides, name), hoursAgo, hoursAgo)
  await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  await site.stop()
  const last = await startRole(installation, 'worker')
  await last.stop()
  expect(await readdir(asides)).toEqual([])
  expect(await readdir(path.join(installation.storageDir, 'tmp'))).toEqual([])
})
