/**
 * A day on air in a few minutes: 24 hours of small pictures and sound, pushed as fast as the server takes
 * them. What must not grow with the hours does not, and what must is as long as it should be.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { Broadcast, BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { encodeMessages } from '../../src/formats/rtmp/chunk-writer.ts'
import { joinParts } from '../../src/formats/rtmp/message.ts'
import { VIDEO } from '../../src/ingest/media-message.ts'
import { type DatedStream, isMedia, makeStream } from '../support/odd/dated-stream.ts'
import { type Program, startProgram, until } from '../support/program.ts'
import { residentMib } from '../support/program-memory.ts'
import { RtmpClient } from '../support/rtmp-client.ts'

const HOURS = 24
const LOOP_SECONDS = 20
/** Of the whole program: after an hour it is about 380. */
const MAX_RESIDENT_MIB = 700
/** Of a timeline's line: what a day's timeline comes to is 43,200 times this. */
const MAX_LINE_BYTES = 700
const CHUNK_BYTES = 4096

/** The loop once more, `loop` times later; configurations only the first time. */
function chunked(stream: DatedStream, loop: number): Buffer {
  const sent = loop === 0 ? stream : stream.filter(isMedia)
  return encodeMessages(
    sent.map(({ message: { type, timestampMs, parts, byteLength } }) => ({
      csid: type === VIDEO ? 6 : 4,
      type,
      timestampMs: (timestampMs + loop * LOOP_SECONDS * 1000) >>> 0,
      streamId: 1,
      body: joinParts(parts, byteLength),
    })),
    CHUNK_BYTES,
  )
}

async function open(program: Program): Promise<RtmpClient> {
  const client = await RtmpClient.connected(program.rtmpPort)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(CHUNK_BYTES)
  client.send({ csid: 2, type: 1, timestampMs: 0, streamId: 0, body: size })
  client.command(1, 'publish', 3, null, program.firstRun.streamKey, 'live')
  await client.status('NetStream.Publish.Start')
  return client
}

it(
  'a day on air is recorded and packaged whole, in bounded memory, and its playlist comes at once',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'day-'))
    const make = { seconds: LOOP_SECONDS, rate: 5, gop: 10, size: '64x48', sampleRate: 8000 }
    const stream = await makeStream(path.join(folder, 'loop.flv'), make)
    await rm(folder, { recursive: true })
    const pictures = stream.filter((one) => one.message.type === VIDEO && isMedia(one)).length
    await using program = await startProgram({ env: { WORKER_CONCURRENCY: '1' } })
    const pid = program.child.pid ?? 0

    const client = await open(program)
    const loops = (HOURS * 3600) / LOOP_SECONDS
    let most = 0
    for (let loop = 0; loop < loops; loop++) {
      if (!client.socket.write(chunked(stream, loop)))
        await Promise.race([new Promise((resolve) => client.socket.once('drain', resolve)), client.closed])
      most = Math.max(most, residentMib(pid))
    }
    client.command(0, 'deleteStream', 4, null, 1)
    client.socket.end()
    await client.closed
    const { items } = await until(
      () => program.api<BroadcastList>('/broadcasts'),
      (list) => {
        most = Math.max(most, residentMib(pid))
        return (list.items[0] as Broadcast | undefined)?.state === 'ended'
      },
      30 * 60_000,
    )
    const broadcast = items[0] as Broadcast
    const [listed] = (await program.api<VideoList>('/videos')).items as [Video]
    const video = await until(
      () => program.api<Video>(`/videos/${listed.id}`),
      ({ state }) => state === 'ready' || state === 'failed',
      60_000,
    )
    expect(video).toMatchObject({ state: 'ready', failure: null })
    expect(Math.abs((video.durationSeconds ?? 0) - HOURS * 3600)).toBeLessThan(2)

    const began = performance.now()
    const url = new URL('original/index.m3u8', new URL(video.playback.hls ?? '', program.site))
    const playlist = await (await fetch(url)).text()
    const playlistMs = performance.now() - began
    const segments = playlist.match(/#EXTINF/g)?.length ?? 0
    expect(segments).toBeGreaterThan(HOURS * 1799)
    expect(playlist).not.toContain('#EXT-X-DISCONTINUITY')
    expect(playlist).toContain('#EXT-X-ENDLIST')
    const last = await fetch(new URL(`${segments - 1}.m4s`, url))
    expect(last.status).toBe(200)

    const timeline = await stat(path.join(program.storageDir, 'media', video.id, 'timeline.jsonl'))
    const recording = await stat(path.join(program.storageDir, 'recordings', broadcast.id, '0.flv'))
    const pictureBytes = stream.reduce((sum, { message }) => sum + message.byteLength + 15, 0)
    console.log(
      `${HOURS} h: ${segments} segments of ${loops * pictures} pictures; timeline ${(timeline.size / 2 ** 20).toFixed(1)} MiB, playlist ${(playlist.length / 2 ** 20).toFixed(1)} MiB in ${playlistMs.toFixed(0)} ms; ${most.toFixed(0)} MiB resident at most`,
    )
    expect(timeline.size / segments).toBeLessThan(MAX_LINE_BYTES)
    expect(recording.size).toBeGreaterThan(loops * pictureBytes * 0.98)
    expect(playlistMs).toBeLessThan(5000)
    expect(most).toBeLessThan(MAX_RESIDENT_MIB)
  },
  60 * 60_000,
)
