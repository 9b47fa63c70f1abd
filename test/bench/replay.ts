/**
 * How soon a replay can be watched, as a player sees it: the whole program, asked over HTTP. There is no
 * peer: what others do at the end of a broadcast is begin to transcode it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Video, VideoList } from '../../src/delivery/contract/videos.ts'
import { ORIGINAL } from '../../src/media/layout.ts'
import { type Program, startProgram } from '../support/program.ts'
import type { Bench } from './bench.ts'
import { uploadFile } from './program-uploads.ts'
import { Publisher, pushPaced } from './rtmp/publisher.ts'
import { makePushedStream } from './rtmp/pushed-stream.ts'

const WHOLE_TARGET_SECONDS = 1
const RUNGS_TARGET_SECONDS = 3
const UPLOAD_TARGET_SECONDS = 3
const ASK_AGAIN_MS = 10
const TIMEOUT_MS = 60_000
/** Durations are rounded, and the last picture's is a guess. Seconds. */
const DURATION_TOLERANCE = 0.25

export const replayAfterBroadcast: Bench = {
  name: 'replay-after-broadcast',
  about: 'from the end of a broadcast to its whole replay, and to a segment of every quality',
  prepare: async ({ sources }) => void (await sources.broadcast()),
  async run({ sizes, sources }) {
    const stream = await makePushedStream(await sources.broadcast(), sizes.broadcastSeconds)
    await using program = await startProgram({ env: { LOG_LEVEL: 'error' } })
    const publisher = await Publisher.open(program.rtmpPort, program.firstRun.streamKey)
    try {
      await pushPaced([publisher], stream, 0)
      const live = await repeat('the broadcast', async () => {
        const { items } = await program.api<VideoList>('/videos?state=live')
        return items[0]?.playable ? items[0] : undefined
      })
      const endedAtMs = performance.now()
      const goodbye = publisher.end()
      const { text } = await wholePlaylist(program, live)
      const wholeSeconds = (performance.now() - endedAtMs) / 1000
      expectDuration(text, stream.seconds)
      await goodbye

      const last = segmentsOf(text).length - 1
      const video = await program.api<Video>(`/videos/${live.id}`)
      const rungs = video.renditions.filter(({ kind }) => kind === 'video')
      if (rungs.length === 0) throw new Error('the broadcast has no other qualities')
      await Promise.all(rungs.map(({ name }) => segment(program, video, name, last)))
      const rungsSeconds = (performance.now() - endedAtMs) / 1000
      const label = `end of a broadcast of ${sizes.broadcastSeconds} s`
      return [
        {
          figure: `${label}: the whole replay`,
          unit: 's',
          ours: wholeSeconds,
          target: { of: 'ours', atMost: WHOLE_TARGET_SECONDS },
        },
        {
          figure: `${label}: its last segment in every quality`,
          unit: 's',
          ours: rungsSeconds,
          target: { of: 'ours', atMost: RUNGS_TARGET_SECONDS },
        },
      ]
    } finally {
      publisher.destroy()
    }
  },
}

export const replayAfterUpload: Bench = {
  name: 'replay-after-upload',
  about: 'from the last byte of an upload to its first and last segment at the original quality',
  prepare: async ({ sources, sizes }) => void (await sources.upload(sizes.uploadMinutes)),
  async run({ sizes, sources }) {
    await using program = await startProgram({ env: { LOG_LEVEL: 'error' } })
    const { video: uploaded, sentAtMs } = await uploadFile(program, await sources.upload(sizes.uploadMinutes))
    const sinceSent = () => (performance.now() - sentAtMs) / 1000
    const answeredSeconds = sinceSent()
    const video = await repeat('the video to be playable', async () => {
      const found = await program.api<Video>(`/videos/${uploaded.id}`)
      if (found.state === 'failed') throw new Error(`the upload failed: ${found.failure?.detail}`)
      return found.playable ? found : undefined
    })
    await segment(program, video, ORIGINAL, 0)
    const playsSeconds = sinceSent()
    const { text } = await wholePlaylist(program, video)
    expectDuration(text, sizes.uploadMinutes * 60)
    await segment(program, video, ORIGINAL, segmentsOf(text).length - 1)
    const wholeSeconds = sinceSent()
    const label = `upload of ${sizes.uploadMinutes} min of 1080p`
    return [
      { figure: `${label}: answered`, unit: 's', ours: answeredSeconds },
      {
        figure: `${label}: plays`,
        unit: 's',
        ours: playsSeconds,
        target: { of: 'ours', atMost: UPLOAD_TARGET_SECONDS },
      },
      { figure: `${label}: plays to its end`, unit: 's', ours: wholeSeconds },
    ]
  },
}

/** The original's playlist once it is complete. */
function wholePlaylist(program: Program, video: Video): Promise<{ readonly text: string }> {
  const url = addressOf(program, video, `${ORIGINAL}/index.m3u8`)
  return repeat('the whole playlist', async () => {
    const response = await fetch(url)
    const text = await response.text()
    return response.ok && text.includes('#EXT-X-ENDLIST') ? { text } : undefined
  })
}

/** Resolves when all of it has come. */
function segment(program: Program, video: Video, rendition: string, number: number): Promise<true> {
  const url = addressOf(program, video, `${rendition}/${number}.m4s`)
  return repeat(`segment ${number} of ${rendition}`, async () => {
    const response = await fetch(url)
    const bytes = await response.arrayBuffer()
    return response.ok && bytes.byteLength > 0 ? true : undefined
  })
}

function addressOf(program: Program, video: Video, file: string): URL {
  if (video.playback.hls === null) throw new Error('the video has no playlist')
  return new URL(file, new URL(video.playback.hls, program.site))
}

function segmentsOf(playlist: string): readonly number[] {
  return [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map((match) => Number(match[1]))
}

function expectDuration(playlist: string, seconds: number): void {
  const total = segmentsOf(playlist).reduce((sum, duration) => sum + duration, 0)
  if (Math.abs(total - seconds) > DURATION_TOLERANCE)
    throw new Error(`the replay has ${total.toFixed(2)} s of ${seconds}`)
}

async function repeat<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const untilMs = performance.now() + TIMEOUT_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > untilMs) throw new Error(`waited ${TIMEOUT_MS / 1000} s for ${what}`)
    await delay(ASK_AGAIN_MS)
  }
}
