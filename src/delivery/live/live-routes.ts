/**
 * /live: what is on air now, by the channel's handle.
 *
 *     /live/<channel>.flv    HTTP-FLV from memory, begins at the last keyframe, ends with the broadcast
 *     /live/<channel>.m3u8   302 to the growing replay's playlist
 */

import type { Writable } from 'node:stream'
import { type Request, Router } from 'express'
import { AppError } from '../../kernel/errors.ts'
import type { Channels } from '../../library/channels.ts'
import type { VideoRecord } from '../../library/video-record.ts'
import type { Videos } from '../../library/videos.ts'
import type { AskerOf } from '../auth/asker.ts'
import { signalOf } from '../route.ts'
import type { ShowVideo } from '../wire-video.ts'

export interface LiveRoutesOptions {
  readonly channels: Channels
  readonly videos: Videos
  readonly askerOf: AskerOf
  readonly showVideo: ShowVideo
  /** Ingest's live output. Throws AppError `not-found`, with nothing written, when the stream is not live. */
  readonly streamFlv: (streamName: string, out: Writable, signal: AbortSignal) => Promise<unknown>
}

export function liveRoutes({ channels, videos, askerOf, showVideo, streamFlv }: LiveRoutesOptions): Router {
  const router = Router()

  async function findLive(req: Request, handle: string): Promise<{ video: VideoRecord; hls: string | null }> {
    const asker = await askerOf(req.headers)
    const channel = await channels.findByHandle(handle)
    const video = channel && (await videos.getLive(asker, channel.id))
    if (!video) throw new AppError('not-found', 'This channel is not on air.')
    return { video, hls: showVideo(video, asker).playback.hls }
  }

  router.get('/live/:channel.flv', async (req, res) => {
    const { video } = await findLive(req, req.params.channel)
    res.set({
      'content-type': 'video/x-flv',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
    })
    if (req.method === 'HEAD') res.end()
    else await streamFlv(video.channel.handle, res, signalOf(res))
  })

  router.get('/live/:channel.m3u8', async (req, res) => {
    const { hls } = await findLive(req, req.params.channel)
    if (hls === null)
      throw new AppError('not-ready', 'The broadcast has just begun: try again in a few seconds.')
    res.set({ 'cache-control': 'no-store', 'access-control-allow-origin': '*' }).redirect(302, hls)
  })

  return router
}
