import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { encodeAacTag } from '../../../src/formats/flv/audio-tag.ts'
import { encodeMetadata } from '../../../src/formats/flv/script-data.ts'
import { readTagHeader, TAG_HEADER_BYTES, TAG_TRAILER_BYTES } from '../../../src/formats/flv/tag-header.ts'
import { encodeVideoTag } from '../../../src/formats/flv/video-tag.ts'
import { FLV_FORMAT } from '../../../src/ingest/live-format.ts'
import { LiveHub, type LiveHubLimits } from '../../../src/ingest/live-hub.ts'
import type { ViewerEnding } from '../../../src/ingest/live-viewer.ts'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'

const LIMITS: Partial<LiveHubLimits> = {
  maxGopBytes: 10_000,
  maxQueuedBytes: 20_000,
  stallMs: 1000,
  batchMs: 50,
  lingerMs: 500,
}

function message(type: MediaMessage['type'], timestampMs: number, body: Buffer): MediaMessage {
  const parts = [body.subarray(0, 1), body.subarray(1)]
  return { type, timestampMs, parts, byteLength: body.byteLength }
}

const video = (timestampMs: number, packet: 'sequence-start' | 'frame', keyframe: boolean, data: Buffer) =>
  message(9, timestampMs, encodeVideoTag({ codec: 'avc', packet, keyframe, compositionMs: 0, data }))
const videoHeader = (config = 'config') => video(0, 'sequence-start', true, Buffer.from(config))
const keyframe = (timestampMs: number, bytes = 100) =>
  video(timestampMs, 'frame', true, Buffer.alloc(bytes, 1))
const frame = (timestampMs: number, bytes = 100) => video(timestampMs, 'frame', false, Buffer.alloc(bytes, 2))
const audioHeader = () => message(8, 0, encodeAacTag('sequence-start', Buffer.of(0x11, 0x90)))
const audio = (timestampMs: number) => message(8, timestampMs, encodeAacTag('frame', Buffer.alloc(20, 3)))
const metadata = () => message(18, 0, encodeMetadata({ width: 1280 }))

/** A viewer's end: keeps what it gets, and takes no more while `full`. */
class Screen {
  readonly sink: Writable
  readonly endings: ViewerEnding[] = []
  #bytes = Buffer.alloc(0)
  #release: (() => void) | undefined
  full = false

  constructor() {
    this.sink = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _, done) => {
        this.#bytes = Buffer.concat([this.#bytes, chunk])
        if (this.full) this.#release = done
        else done()
      },
    })
  }

  /** Takes again. */
  async drain(): Promise<void> {
    this.full = false
    const drained = new Promise((resolve) => this.sink.once('drain', resolve))
    this.#release?.()
    this.#release = undefined
    await drained
  }

  get byteLength(): number {
    return this.#bytes.byteLength
  }

  get times(): number[] {
    return this.tags.map((tag) => Number(tag.split('@')[1]))
  }

  /** Tags as "type@time", a kind for what is no plain frame. */
  get tags(): string[] {
    const tags: string[] = []
    for (let at = 0; at < this.#bytes.byteLength; ) {
      const header = readTagHeader(this.#bytes, at)
      if (!header) break
      const body = this.#bytes.subarray(at + TAG_HEADER_BYTES)
      const kind =
        header.type === 18
          ? 'meta'
          : body[1] === 0
            ? header.type === 9
              ? 'vh'
              : 'ah'
            : header.type === 8
              ? 'a'
              : body[0] === 0x17
                ? 'K'
                : 'f'
      tags.push(`${kind}@${header.timestampMs}`)
      at += TAG_HEADER_BYTES + header.bodyBytes + TAG_TRAILER_BYTES
    }
    return tags
  }
}

let hub: LiveHub
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  hub = new LiveHub(LIMITS)
})
afterEach(() => {
  hub.close()
  vi.useRealTimers()
})

function join(streamName = 'channel') {
  const screen = new Screen()
  const seat = hub.join(streamName, {
    format: FLV_FORMAT,
    sink: screen.sink,
    onEnd: (ending) => screen.endings.push(ending),
  })
  return { screen, seat }
}

/** So that what was queued for the next turn of a Writable has happened. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('joining', () => {
  it('begins with metadata, headers and the frames since the last keyframe, at its time', () => {
    const encoder = hub.open('channel')
    for (const sent of [
      metadata(),
      videoHeader(),
      audioHeader(),
      keyframe(0),
      frame(40),
      keyframe(2000),
      audio(2010),
      frame(2040),
    ]) {
      encoder.write(sent)
    }
    const { screen } = join()
    expect(screen.tags).toEqual(['meta@0', 'vh@2000', 'ah@2000', 'K@2000', 'a@2010', 'f@2040'])
  })
  it('goes on with what comes, in batches', () => {
    const encoder = hub.open('channel')
    encoder.write(keyframe(0))
    const { screen } = join()
    encoder.write(frame(40))
    encoder.write(frame(80))
    expect(screen.tags).toEqual(['K@0'])
    vi.advanceTimersByTime(50)
    expect(screen.tags).toEqual(['K@0', 'f@40', 'f@80'])
  })
  it('gets nothing twice when it joins in the middle of a batch', () => {
    const encoder = hub.open('channel')
    encoder.write(keyframe(0))
    const first = join()
    encoder.write(frame(40))
    const second = join()
    vi.advanceTimersByTime(50)
    expect(first.screen.tags).toEqual(['K@0', 'f@40'])
    expect(second.screen.tags).toEqual(['K@0', 'f@40'])
  })
  it('waits for a keyframe when the group of pictures was too large to keep', () => {
    const encoder = hub.open('channel')
    encoder.write(videoHeader())
    encoder.write(keyframe(0))
    for (let i = 1; i < 100; i += 1) encoder.write(frame(i * 40, 1000))
    expect(hub.snapshot()).toMatchObject([{ gopBytes: 0 }])
    const { screen } = join()
    encoder.write(frame(4000))
    encoder.write(keyframe(4040))
    vi.advanceTimersByTime(50)
    expect(screen.tags.filter((tag) => tag.startsWith('f'))).toEqual([])
    expect(screen.tags.at(-1)).toBe('K@4040')
  })
  it('hears audio at once where there is no picture', () => {
    const encoder = hub.open('channel')
    encoder.write(audioHeader())
    for (let i = 0; i < 5; i += 1) encoder.write(audio(i * 21))
    const { screen } = join()
    expect(screen.tags).toEqual(['ah@84', 'a@84'])
  })
  it('does not mix frames of two decoder configurations', () => {
    const encoder = hub.open('channel')
    for (const sent of [videoHeader('one'), keyframe(0), frame(40), videoHeader('two')]) encoder.write(sent)
    expect(join().screen.tags).toEqual(['vh@0'])
    for (const sent of [keyframe(80), videoHeader('two'), frame(120)]) encoder.write(sent)
    expect(join().screen.tags).toEqual(['vh@80', 'K@80', 'f@120'])
  })
  it('works for Enhanced RTMP as for the old codecs', () => {
    const encoder = hub.open('channel')
    const hevc = (timestampMs: number, first: number) =>
      message(9, timestampMs, Buffer.concat([Buffer.of(first), Buffer.from('hvc1'), Buffer.alloc(8)]))
    for (const sent of [hevc(0, 0x90), hevc(0, 0x91), hevc(40, 0xa1), hevc(80, 0x93), hevc(120, 0xa3)])
      encoder.write(sent)
    const { screen } = join()
    expect(screen.times).toEqual([80, 80, 120])
  })
  it('is not possible where nothing is live', () => {
    expect(join('nobody').seat).toBeUndefined()
  })
  it('copies what it keeps: the messages may be overwritten', () => {
    const encoder = hub.open('channel')
    const sent = keyframe(0)
    encoder.write(sent)
    for (const part of sent.parts) part.fill(0xee)
    expect(join().screen.tags).toEqual(['K@0'])
  })
})

describe('a viewer who reads too slowly', () => {
  it('loses frames up to the next keyframe, then goes on with the headers', async () => {
    const encoder = hub.open('channel')
    for (const sent of [videoHeader(), keyframe(0)]) encoder.write(sent)
    const { screen } = join()
    await turn()
    screen.full = true
    for (let i = 1; i <= 40; i += 1) {
      encoder.write(frame(i * 40, 1000))
      vi.advanceTimersByTime(20)
    }
    expect(hub.snapshot()[0]?.queuedBytes).toBeLessThanOrEqual(20_000)
    await screen.drain()
    encoder.write(frame(1640))
    encoder.write(keyframe(1680))
    encoder.write(frame(1720))
    vi.advanceTimersByTime(50)
    await turn()
    const times = screen.tags
    expect(times.slice(-3)).toEqual(['vh@1680', 'K@1680', 'f@1720'])
    expect(times).not.toContain('f@1640')
    expect(screen.endings).toEqual([])
  })
  it('never holds more than the limit, and costs other viewers nothing (pain 32)', async () => {
    const encoder = hub.open('channel')
    encoder.write(keyframe(0))
    const slow = join().screen
    const fast = join().screen
    await turn()
    slow.full = true
    for (let i = 1; i <= 200; i += 1) {
      encoder.write(i % 25 === 0 ? keyframe(i * 4, 1000) : frame(i * 4, 1000))
      vi.advanceTimersByTime(4)
      await turn()
      expect(hub.snapshot()[0]?.queuedBytes).toBeLessThanOrEqual(20_000)
    }
    vi.advanceTimersByTime(50)
    await turn()
    expect(fast.tags.length).toBe(201)
    expect(slow.byteLength).toBeLessThan(fast.byteLength / 10)
  })
  it('loses the connection when nothing leaves for long', async () => {
    const encoder = hub.open('channel')
    encoder.write(keyframe(0))
    const { screen } = join()
    await turn()
    screen.full = true
    for (let i = 1; i <= 30; i += 1) {
      encoder.write(frame(i * 40))
      vi.advanceTimersByTime(50)
    }
    expect(screen.endings).toEqual(['too-slow'])
    expect(hub.snapshot()).toMatchObject([{ viewers: 0, queuedBytes: 0 }])
  })
  it('keeps it when a little leaves now and then', async () => {
    const encoder = hub.open('channel')
    encoder.write(keyframe(0))
    const { screen } = join()
    for (let i = 1; i <= 10; i += 1) {
      await turn()
      screen.full = true
      encoder.write(frame(i * 40))
      vi.advanceTimersByTime(900)
      await screen.drain()
    }
    expect(screen.endings).toEqual([])
  })
})

describe('pausing', () => {
  it('goes on at a keyframe', () => {
    const encoder = hub.open('channel')
    encoder.write(keyframe(0))
    const { screen, seat } = join()
    seat?.setPaused(true)
    encoder.write(frame(40))
    encoder.write(keyframe(80))
    vi.advanceTimersByTime(50)
    seat?.setPaused(false)
    encoder.write(frame(120))
    encoder.write(keyframe(160))
    vi.advanceTimersByTime(50)
    expect(screen.tags).toEqual(['K@0', 'K@160'])
  })
})

describe('the end of a publication', () => {
  it.each(['unpublished', 'draining'] as const)(
    '%s ends the stream at once, after what was sent',
    (ending) => {
      const encoder = hub.open('channel')
      encoder.write(keyframe(0))
      const { screen } = join()
      encoder.write(frame(40))
      encoder.close(ending)
      expect(screen.tags).toEqual(['K@0', 'f@40'])
      expect(screen.endings).toEqual(['stream-over'])
      expect(hub.isLive('channel')).toBe(false)
    },
  )
  it.each(['dropped', 'protocol-error', 'taken-over'] as const)('%s ends it after a while', (ending) => {
    const encoder = hub.open('channel')
    encoder.write(keyframe(0))
    const { screen } = join()
    encoder.close(ending)
    expect(screen.endings).toEqual([])
    vi.advanceTimersByTime(500)
    expect(screen.endings).toEqual(['stream-over'])
  })
  it('is forgotten when the encoder comes back in time; the clock goes on', () => {
    const first = hub.open('channel')
    for (const sent of [videoHeader('one'), keyframe(5000), frame(5040)]) first.write(sent)
    const { screen } = join()
    first.close('dropped')
    vi.advanceTimersByTime(400)
    const second = hub.open('channel')
    for (const sent of [videoHeader('two'), keyframe(0), frame(40)]) second.write(sent)
    vi.advanceTimersByTime(500)
    expect(screen.endings).toEqual([])
    expect(screen.tags.slice(-3)).toEqual(['vh@5080', 'K@5080', 'f@5120'])
  })
  it('of one that was taken over changes nothing', () => {
    const first = hub.open('channel')
    first.write(keyframe(0))
    const { screen } = join()
    const second = hub.open('channel')
    expect(first.write(frame(40))).toBeUndefined()
    first.close('unpublished')
    second.write(keyframe(0))
    vi.advanceTimersByTime(1000)
    expect(screen.endings).toEqual([])
    expect(screen.tags).toEqual(['K@0', 'K@40'])
  })
  it('continues across the wrap at 2^32 ms', () => {
    const first = hub.open('channel')
    first.write(keyframe(0xfffffff0))
    const { screen } = join()
    first.close('dropped')
    hub.open('channel').write(keyframe(0))
    vi.advanceTimersByTime(50)
    expect(screen.tags).toEqual(['K@4294967280', 'K@24'])
  })
})

describe('waiting for a stream', () => {
  it('ends when it is live', async () => {
    const waiting = hub.whenLive('channel', new AbortController().signal)
    hub.open('channel')
    expect(await waiting).toBe(true)
  })
  it('ends when the signal says so', async () => {
    const gone = new AbortController()
    const waiting = hub.whenLive('channel', gone.signal)
    gone.abort()
    expect(await waiting).toBe(false)
    expect(await hub.whenLive('channel', gone.signal)).toBe(false)
  })
})
