/** What goes wrong while a broadcast is on air, in the whole program: nothing that was received is lost, and nobody has to lend a hand. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { countPackets, makeBroadcastSource, publish, streamHash } from '../support/ffmpeg.ts'
import { type Program, startProgram, until } from '../support/program.ts'

const SECONDS = 12

let folder: string
let source: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-faults-'))
  source = path.join(folder, 'source.flv')
  await makeBroadcastSource(source, { seconds: SECONDS, size: '640x360' })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const onAirFor = (program: Program, seconds: number) =>
  until(
    async () => (await program.api<VideoList>('/videos?state=live')).items[0],
    (video) => (video?.durationSeconds ?? 0) >= seconds,
  ) as Promise<Video>

const replayOf = (program: Program, { id }: Pick<Video, 'id'>) =>
  until(
    () => program.api<Video>(`/videos/${id}`),
    ({ state }) => state === 'ready' || state === 'failed',
  )

/**
 * Kills the embedded server with all its children, as the kernel does when memory runs out. It does not come
 * back before the answer is called: without its settings no server starts.
 */
async function killDatabase({ storageDir }: Program): Promise<() => Promise<void>> {
  const data = path.join(storageDir, 'postgres', 'data')
  const postmaster = Number((await readFile(path.join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])
  const settings = path.join(data, 'postgresql.conf')
  await rename(settings, `${settings}.away`)
  const children: number[] = []
  for (const name of await readdir('/proc')) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // proc_pid_stat(5): pid (comm) state ppid; comm may hold anything.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === postmaster)
      children.push(Number(name))
  }
  for (const pid of [postmaster, ...children]) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return () => rename(`${settings}.away`, settings)
}

it('a database killed in mid-broadcast comes back by itself; meanwhile it is said, and nothing is lost', async () => {
  await using program = await startProgram({ env: { GRACE_SECONDS: '2' } })
  const publisher = publish(source, program.publishUrl)
  const video = await onAirFor(program, 4)
  const letComeBack = await killDatabase(program)
  const [ready, list] = await Promise.all([
    fetch(`${program.site}/readyz`),
    fetch(`${program.site}/api/v1/videos`),
  ])
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({ parts: { database: { ok: false } } })
  expect(list.status).toBe(503)
  expect(await list.json()).toMatchObject({ code: 'database-unavailable' })
  // Who is signed in stands in the database too.
  await expect(program.api('/broadcasts')).rejects.toThrow(/: 503 .*database-unavailable/)
  expect((await fetch(`${program.site}/healthz`)).status).toBe(200)

  await letComeBack()
  await until(
    async () => (await fetch(`${program.site}/readyz`)).status,
    (status) => status === 200,
  )
  expect(await publisher.done, publisher.stderr()).toBe(0)
  expect(await replayOf(program, video)).toMatchObject({ state: 'ready', failure: null })
  const broadcast = (await program.api<BroadcastList>('/broadcasts')).items[0] as Broadcast
  expect(broadcast).toMatchObject({
    state: 'ended',
    verdict: { complete: true },
    sessions: [{ ending: 'unpublished' }],
  })
  const part = path.join(program.storageDir, 'recordings', broadcast.id, '0.flv')
  expect(await streamHash(part, 'v')).toBe(await streamHash(source, 'v'))
  expect(await streamHash(part, 'a')).toBe(await streamHash(source, 'a'))
  expect(program.output()).toContain('embedded database runs again')
})

it('a media store that refuses delays the replay, which is complete when it works again, and nothing else', async () => {
  const media = path.join(folder, 'media')
  const env = { MEDIA_URL: `file://${media}`, GRACE_SECONDS: '1' }
  await using program = await startProgram({ env })
  // In the folder's place a file: nothing can be stored, as when its disk is full or was unmounted.
  await rm(media, { recursive: true, force: true })
  await writeFile(media, '')
  const publisher = publish(source, program.publishUrl)
  expect(await publisher.done, publisher.stderr()).toBe(0)
  const { items } = await until(
    () => program.api<BroadcastList>('/broadcasts'),
    ({ items: [broadcast] }) => broadcast?.state === 'ended',
  )
  const broadcast = items[0] as Broadcast
  expect(broadcast.verdict).toMatchObject({ complete: true })
  expect(await program.api<Video>(`/videos/${broadcast.videoId}`)).toMatchObject({
    state: 'processing',
    failure: null,
  })
  await rm(media)
  const replay = await replayOf(program, { id: broadcast.videoId })
  expect(replay).toMatchObject({ state: 'ready', failure: null })
  const original = new URL('original/index.m3u8', new URL(replay.playback.hls ?? '', program.site)).href
  expect(await streamHash(original, 'v')).toBe(await streamHash(source, 'v'))
})

it('a stop in mid-broadcast waits for no encoder, and the one that comes back after the start continues the broadcast', async () => {
  const storageDir = path.join(folder, 'stopped')
  const before = await startProgram({ storageDir })
  const publisher = publish(source, before.publishUrl)
  await onAirFor(before, 2)
  expect(await before.stop()).toBe(0)
  expect(await publisher.done, 'it was cut off').not.toBe(0)

  await using after = await startProgram({ storageDir, ports: before })
  const [waiting] = (await after.api<BroadcastList>('/broadcasts')).items
  expect(waiting).toMatchObject({ state: 'interrupted', sessions: [{ ending: 'draining' }] })
  const again = publish(source, after.publishUrl)
  expect(await again.done, again.stderr()).toBe(0)
  const replay = await replayOf(after, { id: (waiting as Broadcast).videoId })
  expect(replay).toMatchObject({ state: 'ready', failure: null })
  const { items } = await after.api<BroadcastList>('/broadcasts')
  expect(items).toMatchObject([{ verdict: { complete: true }, sessions: [{}, { ending: 'unpublished' }] }])
  const parts = ['0.flv', '1.flv'].map((name) =>
    path.join(storageDir, 'recordings', (items[0] as Broadcast).id, name),
  )
  const [first = 0, second] = await Promise.all(parts.map((part) => countPackets(part)))
  expect(first).toBeGreaterThan(2 * 30)
  expect(second).toBe(SECONDS * 30)
  const original = new URL('original/index.m3u8', new URL(replay.playback.hls ?? '', after.site)).href
  expect(await countPackets(original)).toBe(first + SECONDS * 30)
})
