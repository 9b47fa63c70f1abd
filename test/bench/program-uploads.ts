/** Files sent to the whole program as the API has it, and videos waited for. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Video } from '../../src/delivery/contract/videos.ts'
import { type Program, until } from '../support/program.ts'

export interface SentUpload {
  readonly video: Video
  /** `performance.now()` when the last byte was sent. */
  readonly sentAtMs: number
}

/** Resolves with the answer. */
export async function uploadFile(program: Pick<Program, 'api' | 'site'>, file: string): Promise<SentUpload> {
  const { token } = await program.api<{ token: string }>('/api-tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ label: 'bench' }),
  })
  const boundary = randomUUID()
  const part = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n`
  const before = `${part('name="title"')}\r\nbench\r\n${part(`name="file"; filename="${path.basename(file)}"`)}Content-Type: video/mp4\r\n\r\n`
  const after = `\r\n--${boundary}--\r\n`
  const request = http.request(`${program.site}/api/v1/uploads`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': Buffer.byteLength(before) + (await stat(file)).size + Buffer.byteLength(after),
    },
  })
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>
  // Awaited below, when everything has been sent.
  answered.catch(() => undefined)
  request.write(before)
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), request, { end: false })
  await new Promise<void>((resolve) => request.end(after, resolve))
  const sentAtMs = performance.now()
  const [response] = await answered
  const text = Buffer.concat(await response.toArray()).toString()
  if (response.statusCode !== 201) throw new Error(`the upload was answered ${response.statusCode}: ${text}`)
  return { video: JSON.parse(text) as Video, sentAtMs }
}

/** Throws when it failed, or is not ready in that time. */
export async function untilReady(program: Program, id: string, timeoutMs: number): Promise<Video> {
  const settled = await until(
    () => program.api<Video>(`/videos/${id}`),
    ({ state }) => state === 'ready' || state === 'failed',
    timeoutMs,
  )
  if (settled.state === 'failed') throw new Error(`the upload failed: ${settled.failure?.detail}`)
  return settled
}
