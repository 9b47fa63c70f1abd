/** What is true at the stand-in server: its videos, the broadcast, who listens for events. */
import type { ServerResponse } from 'node:http'
import type { Broadcast } from '../../../src/delivery/contract/broadcasts.ts'
import type { ServerEvent } from '../../../src/delivery/contract/events.ts'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { makeBroadcast, makeVideos, rendition, video } from './stand-in-catalogue.ts'

export const LIVE_ID = 'onair'

export interface StandInWorld {
  readonly videos: Video[]
  /** Open event streams. */
  readonly streams: Set<ServerResponse>
  signedIn: boolean
  broadcast(): Broadcast
  /** Undefined: nothing was broadcast yet. */
  live(): { readonly startedMs: number; readonly ended: boolean } | undefined
  send(event: ServerEvent): void
  change(id: string, part: Partial<Video>): void
  goLive(secondsAlready: number): void
  endLive(): void
}

/** `total`: seconds of the stand-in media. */
export function makeStandInWorld(total: number): StandInWorld {
  const videos = makeVideos().map((item) =>
    item.id === 'replay' ? { ...item, durationSeconds: total } : item,
  )
  const streams = new Set<ServerResponse>()
  let live: { startedMs: number; ended: boolean } | undefined
  let broadcast = makeBroadcast('broadcast-1', LIVE_ID, 'Ada Live, on air')

  const send = (event: ServerEvent) => {
    for (const stream of streams) stream.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  const change = (id: string, part: Partial<Video>) => {
    const at = videos.findIndex((item) => item.id === id)
    const before = videos[at]
    if (before === undefined) throw new Error(`no video ${id}`)
    const changed = { ...before, ...part }
    videos[at] = changed
    send({ type: 'video', video: changed })
  }
  return {
    videos,
    streams,
    signedIn: true,
    broadcast: () => broadcast,
    live: () => live,
    send,
    change,
    goLive(secondsAlready) {
      live = { startedMs: Date.now() - secondsAlready * 1000, ended: false }
      broadcast = { ...broadcast, startedAt: new Date(live.startedMs).toISOString() }
      videos.unshift(
        video(LIVE_ID, {
          origin: 'broadcast',
          title: broadcast.title,
          state: 'live',
          durationSeconds: null,
          broadcastId: broadcast.id,
          renditions: [rendition('original', 'encoding', 0)],
          publishedAt: broadcast.startedAt,
          playback: {
            hls: `/media/fake/${LIVE_ID}/master.m3u8`,
            poster: null,
            waveform: null,
            posterCard: null,
            preview: null,
            storyboard: null,
          },
        }),
      )
      send({ type: 'broadcast', broadcast })
    },
    endLive() {
      if (live === undefined) return
      live.ended = true
      const gaps = [{ startSeconds: 12, seconds: 3, at: broadcast.startedAt, reason: 'interrupted' }]
      broadcast = {
        ...broadcast,
        state: 'ended',
        endedAt: new Date().toISOString(),
        health: null,
        gaps,
        sessions: broadcast.sessions.map((session) => ({
          ...session,
          endedAt: new Date().toISOString(),
          ending: 'unpublished' as const,
          endingWords: 'The encoder was stopped.',
        })),
        verdict: {
          complete: false,
          receivedSeconds: total,
          recordedSeconds: total,
          packagedSeconds: total,
          gaps,
          disconnects: [],
          summary: 'Everything that arrived is recorded. The connection was lost once, for 3 seconds.',
        },
      }
      change(LIVE_ID, {
        state: 'processing',
        durationSeconds: total,
        progress: 30,
        renditions: [rendition('original', 'ready', 100), rendition('180p', 'encoding', 30)],
      })
      send({ type: 'broadcast', broadcast })
    },
  }
}
