/** Where a live stream is now on its own clock, as one sees who reads it without delay. */
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import { readTagHeader, TAG_HEADER_BYTES, TAG_TRAILER_BYTES } from '../../src/formats/flv/tag-header.ts'

const FLV_HEAD_BYTES = 13

export interface LiveClock extends AsyncDisposable {
  /** Milliseconds: the newest frame's time, running on since it came. */
  nowMs(): number
}

/** `url`: HTTP-FLV. Resolves when frames have come. */
export async function watchClock(url: string): Promise<LiveClock> {
  const request = http.get(url, { agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`)
  let rest = Buffer.alloc(0)
  let skip = FLV_HEAD_BYTES
  // Frames travel in batches, so each is late by up to a batch; the least late one has the clock.
  let ahead = Number.NEGATIVE_INFINITY
  response.on('error', () => {})
  response.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    for (;;) {
      const header = readTagHeader(rest.subarray(skip), 0)
      if (!header) return
      const end = skip + TAG_HEADER_BYTES + header.bodyBytes + TAG_TRAILER_BYTES
      if (end > rest.byteLength) return
      ahead = Math.max(ahead, header.timestampMs - performance.now())
      rest = rest.subarray(end)
      skip = 0
    }
  })
  await once(response, 'data')
  return {
    nowMs: () => performance.now() + ahead,
    async [Symbol.asyncDispose]() {
      request.destroy()
    },
  }
}
