/** OBS Studio as creators have it: a whole stream, a wrong key, a network that fails, a machine that sleeps. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import { countPackets, ffmpeg } from '../support/ffmpeg.ts'
import { Obs } from '../support/obs.ts'
import { type Program, startProgram, until } from '../support/program.ts'
import { requireProgram } from '../support/required-program.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const SOON_MS = 60_000
let folder: string
let program: Program
let network: TcpProxy
let server: string
let token: string
/** Of earlier tests. */
let before: readonly string[]

beforeAll(async () => {
  requireProgram('xvfb-run')
  requireProgram('obs')
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-obs-test-'))
  program = await startProgram()
  ;({ token } = await program.api<{ token: string }>('/api-tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ label: 'recordings' }),
  }))
  network = await startTcpProxy(program.rtmpPort)
  server = `rtmp://127.0.0.1:${network.port}/live`
})
afterAll(async () => {
  await network?.[Symbol.asyncDispose]()
  await program?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  before = (await broadcasts()).map(({ id }) => id)
})

async function broadcasts(): Promise<readonly Broadcast[]> {
  return (await program.api<BroadcastList>('/broadcasts')).items
}

/** Those that this test began. */
async function begun(): Promise<readonly Broadcast[]> {
  return (await broadcasts()).filter(({ id }) => !before.includes(id))
}

async function startObs(): Promise<Obs> {
  const obs = await Obs.start({ server, key: program.firstRun.streamKey })
  await obs.startStreaming()
  return obs
}

function sent(obs: Obs, frames: number) {
  return until(
    () => obs.status(),
    ({ outputTotalFrames }) => outputTotalFrames >= frames,
    SOON_MS,
  )
}

async function stop(obs: Obs): Promise<Broadcast> {
  await obs.stopStreaming()
  const [broadcast] = await until(begun, ([first]) => first?.state === 'ended', SOON_MS)
  if (!broadcast) throw new Error('no broadcast')
  return broadcast
}

/** Saves the recording; decodes every frame, failing at the first that cannot be. */
async function recordingOf(broadcast: Broadcast): Promise<string> {
  const response = await fetch(`${program.site}/api/v1/broadcasts/${broadcast.id}/recording.flv`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const file = path.join(folder, `${broadcast.id}.flv`)
  await writeFile(file, Buffer.from(await response.arrayBuffer()))
  await ffmpeg('-xerror', '-i', file, '-f', 'null', '-')
  return file
}

it('streams, is recorded frame for frame, and its stop ends the broadcast', async () => {
  await using obs = await startObs()
  await sent(obs, 120)
  const [onAir] = await begun()
  expect(onAir?.health?.encoder).toContain('libobs')
  const ended = await stop(obs)
  expect(ended.sessions).toMatchObject([{ ending: 'unpublished' }])
  await until(
    async () => obs.log,
    (log) => log.includes('Total frames output'),
    SOON_MS,
  )
  const frames = Number(/Total frames output: (\d+)/.exec(obs.log)?.[1])
  expect(frames).toBeGreaterThanOrEqual(120)
  expect(await countPackets(await recordingOf(ended))).toBe(frames)
  expect(ended.verdict).toMatchObject({ complete: true, gaps: [] })
})

it('shows why a key is refused, and nothing is begun', async () => {
  await using obs = await Obs.start({ server, key: 'rk_wrong' })
  await obs.startStreaming()
  await until(
    async () => obs.log,
    (log) => log.includes('NetStream.Publish.Denied'),
    SOON_MS,
  )
  expect(obs.log).toMatch(/NetStream\.Publish\.Denied \(.*stream key.*\)/)
  await until(
    () => obs.status(),
    ({ outputActive }) => !outputActive,
    SOON_MS,
  )
  expect(await begun()).toEqual([])
})

it('connects again by itself when the network fails, and continues the same broadcast', async () => {
  await using obs = await startObs()
  await sent(obs, 60)
  network.drop()
  await until(begun, ([broadcast]) => broadcast?.sessions.length === 2 && broadcast.state === 'live', SOON_MS)
  await sent(obs, (await obs.status()).outputTotalFrames + 60)
  const ended = await stop(obs)
  expect(await begun()).toHaveLength(1)
  expect(ended.sessions.map(({ ending }) => ending)).toEqual(['dropped', 'unpublished'])
  expect(ended.gaps).toHaveLength(1)
  await recordingOf(ended)
})

it('of a machine that slept longer than we wait comes back into the same broadcast', async () => {
  await using obs = await startObs()
  await sent(obs, 60)
  obs.suspend()
  await until(begun, ([broadcast]) => broadcast?.state === 'interrupted', SOON_MS)
  obs.wake()
  await until(begun, ([broadcast]) => broadcast?.sessions.length === 2 && broadcast.state === 'live', SOON_MS)
  await sent(obs, (await obs.status()).outputTotalFrames + 60)
  const ended = await stop(obs)
  expect(await begun()).toHaveLength(1)
  expect(ended.sessions.map(({ ending }) => ending)).toEqual(['silent', 'unpublished'])
  await recordingOf(ended)
})
