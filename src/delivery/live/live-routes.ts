/**
 * /live: what is on air now, by the channel's handle.
 *
 *     /live/<channel>.flv    HTTP-FLV from memory, begins at the last keyframe, ends with the broadcast;
 *                            the same as ws://, live-sockets.ts
 *     /live/<channel>.m3u8   302 to the growing replay's playlist
 *
 * Players on other sites may load what anybody may watch: cookies do not count for them.
 */

import type { Writable } from 'node:stream'
import { Router } from 'express'
import { AppError } from '../../kernel/errors.ts'
import type { ClientAddresses } from '../client-address.ts'
import { allowEverySite } from '../every-site.ts'
import { signalOf } from '../route.ts'
import type { ShowVideo } from '../wire-video.ts'
import type { FindLive } from './find-live.ts'
import type { LivePlaces } from './live-places.ts'

export interface LiveRoutesOptions {
  readonly findLive: FindLive
  readonly addresses: ClientAddresses
  readonly places: LivePlaces
  readonly showVideo: ShowVideo
  /** Ingest's live output. Throws AppError `not-found`, with nothing written, when the stream is not live. */
  readonly streamFlv: (streamName: string, out: Writable, signal: AbortSignal) => Promise<unknown>
}

export function liveRoutes({ findLive, addresses, places, showVideo, streamFlv }: LiveRoutesOptions): Router {
  const router = Router()
  router.use('/live', allowEverySite)

  router.get('/live/:channel.flv', async (req, res) => {
    using place = places.take(addresses.of(req))
    const { video } = await findLive(req.headers, req.params.channel)
    res.set({ 'content-type': 'video/x-flv', 'cache-control': 'no-store' })
    if (req.method === 'HEAD') res.end()
    else await streamFlv(video.channel.handle, res, AbortSignal.any([signalOf(res), place.signal]))
  })

  router.get('/live/:channel.m3u8', async (req, res) => {
    const { video, asker } = await findLive(req.headers, req.params.channel)
    const { hls } = showVideo(video, asker).playback
    if (hls === null)
      throw new AppError('not-ready', 'The broadcast has just begun: try again in a few seconds.')
    res.set('cache-control', 'no-store').redirect(302, `${hls}?start=live`)
  })

  return router
}
