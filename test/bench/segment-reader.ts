/**
 * Reads files over HTTP/1.1 as fast as they come, on kept connections, into one buffer each: a client
 * that costs as little as it can, since it shares the machine with the server.
 */
import net from 'node:net'

const BUFFER_BYTES = 512 * 1024
const HEAD_END = '\r\n\r\n'

export interface Reading {
  readonly bytes: number
  readonly seconds: number
}

/** Each connection asks for the paths in turn, until the time is over; what was begun is read to its end. */
export async function readFor(
  seconds: number,
  port: number,
  paths: readonly string[],
  options: { readonly connections: number; readonly fileBytes: number },
): Promise<Reading> {
  const startedMs = performance.now()
  const counts = await Promise.all(
    Array.from({ length: options.connections }, (_, i) => {
      const first = Math.floor((i * paths.length) / options.connections)
      return readOne(port, paths, first, options.fileBytes, startedMs + seconds * 1000)
    }),
  )
  return {
    bytes: counts.reduce((sum, files) => sum + files * options.fileBytes, 0),
    seconds: (performance.now() - startedMs) / 1000,
  }
}

/** Resolves with how many files were read whole. */
function readOne(
  port: number,
  paths: readonly string[],
  first: number,
  fileBytes: number,
  untilMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let files = 0
    let head = ''
    /** Of the body; undefined while the head is read. */
    let missing: number | undefined
    const ask = () => {
      const path = paths[(first + files) % paths.length]
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    }
    const take = (count: number, buffer: Uint8Array): boolean => {
      let body = count
      if (missing === undefined) {
        head += Buffer.from(buffer.buffer, buffer.byteOffset, count).toString('latin1')
        const end = head.indexOf(HEAD_END)
        if (end < 0) return true
        if (
          !head.startsWith('HTTP/1.1 200') ||
          !new RegExp(`content-length: ${fileBytes}\r`, 'i').test(head)
        ) {
          socket.destroy(new Error(`not the file that was asked for: ${head.slice(0, end)}`))
          return false
        }
        body = head.length - end - HEAD_END.length
        missing = fileBytes
        head = ''
      }
      missing -= body
      if (missing > 0) return true
      files += 1
      missing = undefined
      if (performance.now() < untilMs) ask()
      else socket.destroy()
      return true
    }
    const socket = net.connect({
      port,
      host: '127.0.0.1',
      onread: { buffer: Buffer.alloc(BUFFER_BYTES), callback: take },
    })
    socket.on('connect', ask)
    socket.on('error', reject)
    socket.on('close', () =>
      performance.now() < untilMs ? reject(new Error('the server hung up')) : resolve(files),
    )
  })
}
