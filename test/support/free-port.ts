/**
 * Ports for programs that have to be told one, which somebody else could take between the choice and the
 * program's bind: so outside of the range that the kernel takes from for connections and for port 0, in a
 * part of it that no other worker of this run chooses from, and never the same twice.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Above the last one that browsers refuse to ask, 10080 (WHATWG Fetch §2.9). */
const LOWEST = 12_000
const WORKERS = 4

const [from, to] = ownPart()
let next = from + Math.floor(Math.random() * (to - from))

/** Free on 127.0.0.1. */
export async function freePort(): Promise<number> {
  for (let tried = from; tried < to; tried += 1) {
    const port = next
    next = next + 1 < to ? next + 1 : from
    if (await isFree(port)) return port
  }
  throw new Error(`no port is free from ${from} to ${to}`)
}

function ownPart(): [from: number, to: number] {
  const end = lowestOfKernel()
  const size = Math.floor((end - LOWEST) / WORKERS)
  const worker = Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS
  return [LOWEST + worker * size, LOWEST + (worker + 1) * size]
}

/** ip(7): ip_local_port_range; elsewhere the range of RFC 6335 §6. */
function lowestOfKernel(): number {
  try {
    const lowest = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0])
    return lowest > LOWEST + 1000 ? lowest : 32_768
  } catch {
    return 49_152
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
