import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SharedReads } from '../../../src/ingest/shared-reads.ts'

const accepted: Socket[] = []
let server: net.Server
let port: number

beforeEach(async () => {
  const reads = new SharedReads()
  server = net.createServer((socket) => accepted.push(reads.adopt(socket))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  for (const socket of accepted.splice(0)) socket.destroy()
  server.close()
  await once(server, 'close')
})

async function connect(): Promise<{ client: Socket; peer: Socket }> {
  const before = accepted.length
  const client = net.connect(port, '127.0.0.1')
  await once(client, 'connect')
  await expect.poll(() => accepted.length).toBe(before + 1)
  return { client, peer: accepted.at(-1) as Socket }
}

it('reads every connection into the same memory', async () => {
  const [one, other] = [await connect(), await connect()]
  const memory = new Set<ArrayBufferLike>()
  for (const { client, peer } of [one, other, one]) {
    const read = once(peer, 'data') as Promise<[Uint8Array]>
    client.write('hello')
    const [bytes] = await read
    expect(Buffer.from(bytes).toString()).toBe('hello')
    memory.add(bytes.buffer)
  }
  expect(memory.size).toBe(1)
  one.client.destroy()
  other.client.destroy()
})

it('keeps what a socket is: addresses, writes, half-closed ends, errors of the peer', async () => {
  const { client, peer } = await connect()
  expect(peer.remoteAddress).toBe('127.0.0.1')
  expect(peer.remotePort).toBe(client.localPort)
  const answered = once(client, 'data') as Promise<[Buffer]>
  peer.write('answer')
  expect((await answered)[0].toString()).toBe('answer')
  const closed = once(peer, 'close')
  peer.resume()
  client.end()
  await closed
  const lost = await connect()
  // `once` would take the error for its own.
  const left = new Promise((resolve) => lost.peer.once('close', resolve))
  const error = new Promise((resolve) => lost.peer.once('error', resolve))
  lost.peer.resume()
  lost.client.resetAndDestroy()
  expect(await error).toMatchObject({ code: 'ECONNRESET' })
  await left
})

it('reads nothing while it is paused, and everything after', async () => {
  const { client, peer } = await connect()
  let received = 0
  peer.on('data', (bytes: Uint8Array) => {
    received += bytes.byteLength
  })
  client.write('first')
  await expect.poll(() => received).toBe(5)
  peer.pause()
  await new Promise<void>((resolve) => client.write('second', () => resolve()))
  // The loop has asked every socket twice.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  expect(received).toBe(5)
  expect(peer.bytesRead).toBe(5)
  peer.resume()
  await expect.poll(() => received).toBe(11)
  client.destroy()
})
