/** Ingest, web and worker as processes of their own: what one of them suffers does not stop the others. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../../src/delivery/contract/broadcasts.ts'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import type { WorkerList } from '../../../src/delivery/contract/workers.ts'
import { countPackets, ffmpeg, publish, streamHash } from '../../support/ffmpeg.ts'
import { freePort } from '../../support/free-port.ts'
import { h264 } from '../../support/media.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'
import { administer, type Installation, type RoleProcess, startRole } from '../../support/role-process.ts'

const SECONDS = 6
const RATE = 15

let folder: string
let source: string
let database: TestDatabase
let installation: Installation
let ingest: RoleProcess
let web: RoleProcess
let worker: RoleProcess
let admin: Awaited<ReturnType<typeof administer>>

/** Ended with the test, whatever of it fails. */
const started = new AsyncDisposableStack()
const start = async (role: string) => started.use(await startRole(installation, role))

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-roles-'))
  source = path.join(folder, 'source.flv')
  database = await createTestDatabase()
  installation = {
    storageDir: path.join(folder, 'storage'),
    databaseUrl: database.url,
    port: await freePort(),
    rtmpPort: await freePort(),
    env: { LOG_LEVEL: 'info' },
  }
  const made = ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=s=320x180:r=${RATE}:d=${SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=440:d=${SECONDS}`],
    ...[...h264(RATE), '-c:a', 'aac', '-f', 'flv', source],
  )
  ;[ingest, web, worker] = await Promise.all([start('ingest'), start('web'), start('worker')])
  await made
  admin = await administer(installation)
})
afterAll(async () => {
  await started.disposeAsync()
  await database?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const publishUrl = () => `rtmp://127.0.0.1:${installation.rtmpPort}/live/${admin.streamKey}`
const newest = async () => (await admin.api<BroadcastList>('/broadcasts')).items[0]
const broadcastOf = (id: string) => admin.api<Broadcast>(`/broadcasts/${id}`)
const videoOf = (id: string) => admin.api<Video>(`/videos/${id}`)
const workers = async () => (await admin.api<WorkerList>('/workers')).items

describe('a broadcast', () => {
  it('goes on without the web and without the worker, and everything catches up', async () => {
    const publisher = publish(source, publishUrl())
    await expect.poll(newest).toBeDefined()
    const { id, videoId } = (await newest()) as Broadcast
    await expect.poll(async () => (await videoOf(videoId)).playable).toBe(true)
    await Promise.all([web.kill(), worker.kill()])
    expect(await publisher.done, publisher.stderr()).toBe(0)
    expect(ingest.child.exitCode).toBeNull()
    ;[web, worker] = await Promise.all([start('web'), start('worker')])

    await expect.poll(async () => (await videoOf(videoId)).state).toBe('ready')
    const ended = await broadcastOf(id)
    expect(ended).toMatchObject({ state: 'ended', gaps: [] })
    const part = path.join(installation.storageDir, 'recordings', id, '0.flv')
    expect(await streamHash(part, 'v')).toBe(await streamHash(source, 'v'))
    const master = new URL((await videoOf(videoId)).playback.hls ?? '', admin.site)
    const { renditions } = await videoOf(videoId)
    for (const { name } of renditions.filter(({ kind }) => kind === 'video')) {
      expect(await countPackets(new URL(`${name}/index.m3u8`, master).href), name).toBe(SECONDS * RATE)
    }
  })

  it('is seen, watched live and ended through the web, by the process that has it', async () => {
    const publisher = publish(source, publishUrl(), '-stream_loop', '-1')
    await expect.poll(newest).toMatchObject({ state: 'live' })
    const { id, channel } = (await newest()) as Broadcast
    await expect.poll(async () => (await broadcastOf(id)).health?.width).toBe(320)
    const leave = new AbortController()
    const live = await fetch(`${admin.site}/live/${channel.handle}.flv`, { signal: leave.signal })
    const { value } = (await live.body?.getReader().read()) ?? {}
    expect(Buffer.from(value ?? []).toString('latin1', 0, 3)).toBe('FLV')
    leave.abort()
    await admin.api(`/broadcasts/${id}/end`, { method: 'POST' })
    expect(await broadcastOf(id)).toMatchObject({ state: 'ended' })
    publisher.child.kill('SIGKILL')
    await publisher.done
  })

  it('cannot be ended, nor watched by FLV, while the process that has it is away; the web says so', async () => {
    await ingest.kill()
    const { id, channel, videoId } = (await newest()) as Broadcast
    await database.prisma.broadcast.update({ where: { id }, data: { state: 'live' } })
    await database.prisma.video.update({ where: { id: videoId }, data: { state: 'live' } })
    await expect(admin.api(`/broadcasts/${id}/end`, { method: 'POST' })).rejects.toThrow(
      /503 .*The process that takes broadcasts \(role ingest\) does not answer here/,
    )
    expect((await fetch(`${admin.site}/live/${channel.handle}.flv`)).status).toBe(503)
    // Found by the next start, with its timeline complete: it ends.
    ingest = await start('ingest')
    await expect.poll(async () => (await broadcastOf(id)).state).toBe('ended')
  })
})

it('is refused a second web and a second owner of the recordings', async () => {
  await expect(start('web')).rejects.toThrow(/has a Reprise with the role web already/)
  await expect(start('ingest')).rejects.toThrow(/is in use by another Reprise \(process \d+/)
})

describe('a worker', () => {
  const itself = async () => (await workers()).find(({ pid }) => pid === worker.child.pid)

  it('is listed with what it can do, whether it lives or not (pain 26)', async () => {
    const own = await itself()
    expect(own).toMatchObject({
      state: 'working',
      trouble: null,
      concurrency: 1,
      encoders: expect.arrayContaining(['aac', 'libx264']),
      kinds: expect.arrayContaining(['encode-chunk', 'make-poster']),
    })
    expect(own?.freeBytes).toBeGreaterThan(0)
    // That of the one that was killed, some time later.
    await database.prisma
      .$executeRaw`UPDATE workers SET seen_at = seen_at - interval '20 seconds' WHERE id <> ${own?.id}`
    expect((await workers()).map(({ state }) => state)).toEqual(['working', 'silent'])
  })

  it('is taken out of work by the administrator, and comes back', async () => {
    const own = await itself()
    const stateOf = async () => (await itself())?.state
    await admin.api(`/workers/${own?.id}/drain`, { method: 'POST' })
    await expect.poll(stateOf).toBe('drained')
    await admin.api(`/workers/${own?.id}/resume`, { method: 'POST' })
    await expect.poll(stateOf).toBe('working')
  })

  it('stops in order and leaves nothing behind, nor does one that was killed', async () => {
    expect(await worker.stop()).toBe(0)
    expect((await workers()).map(({ state }) => state)).toEqual(['silent'])
    await Promise.all([web.stop(), ingest.stop()])
    worker = await start('worker')
    await worker.stop()
    expect(await readdir(path.join(installation.storageDir, 'tmp'))).toEqual([])
  })
})
