/** Viewers as they cost a server: they read everything, look at it until the first picture, then only count. */
import http from 'node:http'
import type { Socket } from 'node:net'
import { VIDEO } from '../../../src/ingest/media-message.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'
import { isConfiguration } from './pushed-stream.ts'

export interface Viewer {
  /** From the first byte sent to the first picture received. */
  readonly joiningMs: number
  /** Received since the first picture. */
  readonly bytes: () => number
  leave(): void
}

const JOIN_TIMEOUT_MS = 10_000
const PLAY_STREAM_ID = 1

export async function joinRtmp(port: number, name: string): Promise<Viewer> {
  const startedMs = performance.now()
  const client = await RtmpClient.connected(port, {
    app: 'live',
    tcUrl: `rtmp://127.0.0.1:${port}/live`,
  })
  client.command(PLAY_STREAM_ID, 'play', 3, null, name)
  const late = setTimeout(() => client.close(), JOIN_TIMEOUT_MS)
  await client.answer(({ type, body }) => type === VIDEO && !isConfiguration(body))
  clearTimeout(late)
  const joiningMs = performance.now() - startedMs
  // What follows is only counted: keeping it would be our cost, not the server's.
  client.socket.removeAllListeners('data')
  return { joiningMs, bytes: countBytes(client.socket), leave: () => client.close() }
}

/** An FLV over HTTP. */
export function joinHttpFlv(port: number, name: string): Promise<Viewer> {
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path: `/live/${name}.flv`, agent: false })
    request.setTimeout(JOIN_TIMEOUT_MS, () => request.destroy(new Error('no picture came over HTTP')))
    request.on('error', reject)
    request.on('response', (response) => {
      response.on('error', () => {})
      let head = Buffer.alloc(0)
      const look = (data: Buffer) => {
        head = Buffer.concat([head, data])
        if (!holdsPicture(head)) return
        const joiningMs = performance.now() - startedMs
        request.setTimeout(0)
        response.off('data', look)
        let bytes = 0
        response.on('data', (more: Buffer) => {
          bytes += more.byteLength
        })
        resolve({ joiningMs, bytes: () => bytes, leave: () => request.destroy() })
      }
      response.on('data', look)
      response.on('end', () => reject(new Error('the stream over HTTP ended before its first picture')))
    })
  })
}

function countBytes(socket: Socket): () => number {
  let bytes = 0
  socket.on('data', (data: Buffer) => {
    bytes += data.byteLength
  })
  return () => bytes
}

const FLV_HEAD_BYTES = 13
const TAG_HEAD_BYTES = 11
const TAG_TAIL_BYTES = 4

/** Whether the beginning of an FLV holds a whole picture. FLV 10.1 §E.4.1 */
function holdsPicture(flv: Buffer): boolean {
  let at = FLV_HEAD_BYTES
  while (at + TAG_HEAD_BYTES <= flv.byteLength) {
    const end = at + TAG_HEAD_BYTES + flv.readUIntBE(at + 1, 3)
    if (end > flv.byteLength) return false
    const body = flv.subarray(at + TAG_HEAD_BYTES, end)
    if (flv.readUInt8(at) === VIDEO && !isConfiguration(body)) return true
    at = end + TAG_TAIL_BYTES
  }
  return false
}
