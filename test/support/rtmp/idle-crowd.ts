/** Connections that cost a server something and give it nothing: silent, half a handshake, a whole one and no more. */
import net, { type Socket } from 'node:net'
import { HANDSHAKE_BYTES } from '../../../src/formats/rtmp/handshake.ts'

const STAGES: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.concat([Buffer.of(3), Buffer.alloc(HANDSHAKE_BYTES / 2)]),
  Buffer.concat([Buffer.of(3), Buffer.alloc(HANDSHAKE_BYTES)]),
  Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_BYTES)]),
]

export interface IdleCrowd {
  /** Connections that the server has not closed. */
  readonly open: number
  /** Resolves when the server has closed all. */
  readonly gone: Promise<void>
  leave(): void
}

/**
 * Connects `count` times, from as many loopback addresses as are needed for `perAddress` each; every
 * fourth stops at the same place. Resolves when all are connected.
 */
export async function gatherIdleCrowd(port: number, count: number, perAddress = count): Promise<IdleCrowd> {
  const sockets: Socket[] = []
  let open = 0
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  for (let i = 0; i < count; i += 1) {
    const group = Math.floor(i / perAddress)
    const localAddress = `127.1.${Math.floor(group / 250)}.${1 + (group % 250)}`
    const socket = net.connect({ port, host: '127.0.0.1', localAddress })
    sockets.push(socket)
    open += 1
    socket.on('error', () => {})
    socket.on('close', () => {
      open -= 1
      if (open === 0) resolve()
    })
    socket.resume()
    await new Promise<void>((connected) => {
      socket.once('connect', () => connected())
      socket.once('close', () => connected())
    })
    socket.write(STAGES[i % STAGES.length] as Buffer)
  }
  return {
    get open() {
      return open
    },
    gone,
    leave() {
      for (const socket of sockets) socket.destroy()
    },
  }
}
