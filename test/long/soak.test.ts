/**
 * Ten minutes of one broadcast before many viewers, some of whom stop reading and come back when they
 * are sent away: the program's memory stands, its descriptors come back, and the recording is whole.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { VideoList } from '../../src/delivery/contract/videos.ts'
import { countPackets, makeBroadcastSource, publish } from '../support/ffmpeg.ts'
import { type Program, startProgram, until } from '../support/program.ts'
import { openDescriptors, residentMib } from '../support/program-memory.ts'
import { RtmpClient } from '../support/rtmp-client.ts'

const SECONDS = 600
/** Caches and heaps have found their size by then. */
const WARM_SECONDS = SECONDS / 4
const LOOP_SECONDS = 20
const READERS = 20
const STALLED = 10
/** Of the whole program: web, ingest, packaging, one worker. */
const MAX_RESIDENT_MIB = 600
/** From the warm program to its largest. */
const MAX_GROWTH_MIB = 80

let folder: string
let source: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'soak-'))
  source = path.join(folder, 'source.flv')
  await makeBroadcastSource(source, { seconds: LOOP_SECONDS })
})
afterAll(() => rm(folder, { recursive: true }))

/** Watches until told to stop, and joins again whenever it is sent away; resolves with how often. */
type Watch = (program: Program, channel: string, reads: boolean, signal: AbortSignal) => Promise<void>

const overRtmp: Watch = async (program, channel, reads, signal) => {
  const client = await RtmpClient.connected(program.rtmpPort)
  client.command(1, 'play', 3, null, channel)
  if (reads) {
    // What it is sent is not kept.
    client.socket.removeAllListeners('data')
    client.socket.resume()
  } else client.socket.pause()
  const stop = () => client.close()
  signal.addEventListener('abort', stop, { once: true })
  // A socket that is not read from does not hear that it was closed.
  await (reads
    ? client.closed
    : Promise.race([client.closed, delay(30_000, undefined, { signal }).catch(() => {})]))
  signal.removeEventListener('abort', stop)
  client.close()
}

const overHttp: Watch = (program, channel, reads, signal) =>
  new Promise((resolve) => {
    const request = http.get(`${program.site}/live/${channel}.flv`, { signal }, (response) => {
      response.on('close', resolve).on('error', () => resolve())
      if (reads) response.resume()
      else
        void delay(30_000, undefined, { signal }).then(
          () => request.destroy(),
          () => undefined,
        )
    })
    request.on('error', () => resolve())
  })

async function watchOn(watch: Watch, ...rest: Parameters<Watch>): Promise<void> {
  const signal = rest[3]
  while (!signal.aborted) {
    await watch(...rest).catch(() => undefined)
    if (!signal.aborted) await delay(500, undefined, { signal }).catch(() => undefined)
  }
}

it(
  'ten minutes with viewers who stop reading: memory stands (pain 44)',
  async () => {
    await using program = await startProgram({
      env: { WORKER_CONCURRENCY: '1', MAX_CONNECTIONS_PER_ADDRESS: '0' },
    })
    const pid = program.child.pid ?? 0
    const before = openDescriptors(pid)
    const publisher = publish(source, program.publishUrl, '-stream_loop', '-1', '-t', String(SECONDS))
    const { items } = await until(
      () => program.api<VideoList>('/videos?state=live'),
      (list) => list.items[0]?.playable === true,
      30_000,
    )
    const channel = items[0]?.channel.handle ?? ''
    const leaving = new AbortController()
    const crowd = [overRtmp, overHttp].flatMap((watch) => [
      ...Array.from({ length: READERS }, () => watchOn(watch, program, channel, true, leaving.signal)),
      ...Array.from({ length: STALLED }, () => watchOn(watch, program, channel, false, leaving.signal)),
    ])

    let [warm, most] = [0, 0]
    const began = performance.now()
    let publishing = true
    void publisher.done.then(() => {
      publishing = false
    })
    while (publishing) {
      const resident = residentMib(pid)
      if (performance.now() - began < WARM_SECONDS * 1000) warm = Math.max(warm, resident)
      most = Math.max(most, resident)
      await delay(1000)
    }
    leaving.abort()
    await Promise.all(crowd)
    expect(await publisher.done, publisher.stderr()).toBe(0)
    const { items: ended } = await until(
      () => program.api<BroadcastList>('/broadcasts'),
      (list) => list.items[0]?.state === 'ended',
      30_000,
    )
    console.log(
      `${SECONDS} s with ${2 * READERS} readers and ${2 * STALLED} stalled: ${warm.toFixed(0)} MiB warm, ${most.toFixed(0)} MiB at most`,
    )
    expect(most, 'bounded').toBeLessThan(MAX_RESIDENT_MIB)
    expect(most - warm, 'does not grow').toBeLessThan(MAX_GROWTH_MIB)
    await expect.poll(() => openDescriptors(pid), { timeout: 90_000 }).toBeLessThan(before + 30)
    const part = path.join(program.storageDir, 'recordings', ended[0]?.id ?? '', '0.flv')
    expect(Math.abs((await countPackets(part)) - SECONDS * 30)).toBeLessThanOrEqual(2)
  },
  20 * 60_000,
)
