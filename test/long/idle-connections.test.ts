/** Crowds that only cost: what 2,000 of them hold, that they are closed, and that 10,000 leave nothing behind. */
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RtmpServer } from '../../src/ingest/rtmp-server.ts'
import { FakePublishGate } from '../support/fake-publish-gate.ts'
import { heldBytes } from '../support/held-memory.ts'
import { gatherIdleCrowd } from '../support/rtmp/idle-crowd.ts'
import { makeRtmpServer } from '../support/rtmp/test-server.ts'
import { RtmpClient } from '../support/rtmp-client.ts'

const MIB = 1024 * 1024
let gate: FakePublishGate
let server: RtmpServer
let port: number

beforeEach(async () => {
  gate = new FakePublishGate({ 'the-key': 'channel' })
  server = makeRtmpServer({
    gate,
    limits: { roleMs: 10_000 },
  })
  port = await server.listen()
})
afterEach(() => server.close())

const descriptors = (): number => readdirSync('/proc/self/fd').length
const connections = (): number => server.snapshot().connections.length

async function publishes(): Promise<void> {
  const client = await RtmpClient.connected(port)
  client.command(1, 'publish', 3, null, 'the-key', 'live')
  await client.status('NetStream.Publish.Start')
  client.close()
  await gate.sessions.at(-1)?.closed
}

it('2,000 idle connections hold little, hinder nobody, and are closed within 12 s', async () => {
  await publishes()
  const before = { rss: process.memoryUsage().rss, held: await heldBytes() }
  const crowd = await gatherIdleCrowd(port, 2_000, 200)
  expect(connections()).toBe(2_000)
  const rssMib = (process.memoryUsage().rss - before.rss) / MIB
  const heldMib = ((await heldBytes()) - before.held) / MIB
  // Our ends and theirs live in this one process.
  console.log(
    `2,000 idle connections, both ends: ${heldMib.toFixed(1)} MiB held, ${rssMib.toFixed(1)} MiB resident`,
  )
  expect(heldMib).toBeLessThan(30)
  expect(rssMib).toBeLessThan(80)
  await publishes()
  await crowd.gone
  await expect.poll(connections, { timeout: 5_000 }).toBe(0)
}, 60_000)

it('2,000 from one address are cut down to its share at once', async () => {
  const crowd = await gatherIdleCrowd(port, 2_000)
  await expect.poll(() => crowd.open, { timeout: 5_000 }).toBeLessThanOrEqual(1_000)
  expect(connections()).toBeLessThanOrEqual(1_000)
  await publishes()
  await crowd.gone
}, 60_000)

it('10,000 short connections leave no descriptor and no memory behind', async () => {
  const round = async () => {
    const crowd = await gatherIdleCrowd(port, 500, 100)
    crowd.leave()
    await crowd.gone
    await expect.poll(connections, { timeout: 5_000 }).toBe(0)
  }
  for (let i = 0; i < 6; i += 1) await round()
  const before = { held: await heldBytes(), descriptors: descriptors() }
  for (let i = 0; i < 20; i += 1) await round()
  const grownMib = ((await heldBytes()) - before.held) / MIB
  console.log(`10,000 short connections: ${grownMib.toFixed(2)} MiB more`)
  expect(descriptors()).toBeLessThanOrEqual(before.descriptors + 2)
  expect(grownMib).toBeLessThan(2)
}, 300_000)
