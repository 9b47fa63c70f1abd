import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeVideoTag } from '../../../src/formats/flv/video-tag.ts'
import { streamFlv } from '../../../src/ingest/flv-output.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'

const hub = new LiveHub({ batchMs: 1 })
afterEach(() => hub.close())

function live(): void {
  const body = encodeVideoTag({
    codec: 'avc',
    packet: 'frame',
    keyframe: true,
    compositionMs: 0,
    data: Buffer.from('picture'),
  })
  hub.open('channel').write({ type: 9, timestampMs: 0, parts: [body], byteLength: body.byteLength })
}

describe('live over HTTP', () => {
  it('is an FLV from its first byte, and ends with the stream', async () => {
    live()
    const out = new PassThrough()
    const ending = streamFlv(hub, 'channel', out, new AbortController().signal)
    hub.close()
    expect(await ending).toBe('stream-over')
    const bytes = Buffer.concat(await out.toArray())
    expect(bytes.subarray(0, 3).toString()).toBe('FLV')
    expect(bytes.includes('picture')).toBe(true)
  })
  it('fails with nothing written when the stream is not live', async () => {
    const out = new PassThrough()
    const streaming = streamFlv(hub, 'nobody', out, new AbortController().signal)
    await expect(streaming).rejects.toMatchObject({ code: 'not-found' })
    expect(out.readableLength).toBe(0)
  })
  it.each<[string, (out: PassThrough, gone: AbortController) => void]>([
    ['the signal says so', (_, gone) => gone.abort()],
    ['the response breaks', (out) => out.destroy(new Error('reset'))],
    ['the response is closed', (out) => out.destroy()],
  ])('gives up its seat when %s', async (_, leave) => {
    live()
    const out = new PassThrough()
    const gone = new AbortController()
    const ending = streamFlv(hub, 'channel', out, gone.signal)
    expect(hub.snapshot()[0]?.viewers).toBe(1)
    leave(out, gone)
    expect(await ending).toBe('left')
    expect(hub.snapshot()[0]?.viewers).toBe(0)
  })
})
