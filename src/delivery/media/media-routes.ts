/**
 * /media/<token>/<video>/…: playlists, segments and pictures, for whoever has the token.
 *
 *     master.m3u8                    multivariant playlist; ?start=live: on air, it says to begin near the end;
 *                                    ?variants=pictures: none of sound alone where there are pictures
 *     <rendition>/index.m3u8         media playlist: grows while the video does
 *     <rendition>/iframes.m3u8       the keyframes alone, for scrubbing, where they are known
 *     <rendition>/init.mp4, init-<i>.mp4
 *     <rendition>/<n>.m4s            waits, when it is not made yet
 *     poster.jpg                     of old; and what beside-routes.ts has
 *     waveform.json                  what the sound looks like
 */
import { type Request, type Response, Router } from 'express'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import type { VideoRecord } from '../../library/video-record.ts'
import { mediaKeys, ORIGINAL } from '../../media/layout.ts'
import type { ClientAddresses } from '../client-address.ts'
import { allowEverySite } from '../every-site.ts'
import { signalOf } from '../route.ts'
import { addBesideRoutes, type BesideRoutesOptions } from './beside-routes.ts'
import { isUnchanged } from './conditional.ts'
import type { EncodeBudget } from './encode-budget.ts'
import { type MediaTokens, parseMediaName } from './media-token.ts'
import type { Playlists, PlaylistText } from './playlists.ts'
import { IMMUTABLE, type MediaFile, type MediaSender } from './send-media.ts'
import type { VideoFacts } from './video-facts.ts'
import type { ViewNotes } from './view-notes.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface MediaRoutesOptions
  extends Pick<BesideRoutesOptions, 'timelines' | 'captions' | 'storyboards'> {
  readonly tokens: MediaTokens
  readonly addresses: ClientAddresses
  readonly facts: VideoFacts
  readonly playlists: Playlists
  readonly sender: MediaSender
  readonly waitingRoom: WaitingRoom
  /**
   * Resolves when the segment is in the store. Throws AppError `not-found` when none such is planned,
   * `not-ready` when it cannot be made or not in time.
   */
  readonly demandSegment: (
    video: VideoId,
    rendition: string,
    wanted: number | 'init',
    options: {
      readonly signal: AbortSignal
      readonly timeoutMs: number
      readonly charge: (seconds: number) => () => void
    },
  ) => Promise<void>
  readonly budget: EncodeBudget
  readonly views: ViewNotes
  readonly segmentWaitMs: number
}

const HLS = 'application/vnd.apple.mpegurl'
const PRIVATE_IMMUTABLE = IMMUTABLE.replace('public', 'private')
/** A finished playlist changes only when a rendition fails or the video is rebuilt. */
const FINISHED = 'public, max-age=60'
const GROWING = 'no-cache'
/** A request for more has waited its share and may try again at once. */
const RETRY_AFTER_SECONDS = 2

export function mediaRoutes(options: MediaRoutesOptions): Router {
  const { playlists } = options
  const router = Router({ strict: true })
  // The addresses hold their own permission and no cookie counts.
  router.use(allowEverySite)

  router.get('/:token/:video/master.m3u8', async (req, res) => {
    const wish = { nearLive: req.query.start === 'live', withPictures: req.query.variants === 'pictures' }
    sendPlaylist(req, res, await playlists.multivariant(await authorise(options, req), wish))
  })
  router.get('/:token/:video/poster.jpg', async (req, res) => {
    const video = await authorise(options, req)
    const cacheControl = video.visibility === 'public' ? 'public, max-age=3600' : 'private, max-age=3600'
    const file = { key: mediaKeys.poster(video.mediaId), type: 'image/jpeg', cacheControl }
    if (!(await options.sender.send(req, res, file))) throw missing()
  })
  router.get('/:token/:video/waveform.json', async (req, res) => {
    const video = await authorise(options, req)
    const cacheControl = video.visibility === 'private' ? PRIVATE_IMMUTABLE : IMMUTABLE
    const file = { key: mediaKeys.waveform(video.mediaId), type: 'application/json', cacheControl }
    if (!(await options.sender.send(req, res, file))) throw missing()
  })
  addBesideRoutes(router, { ...options, authorise: (req) => authorise(options, req) })
  router.get('/:token/:video/:rendition/index.m3u8', async (req, res) => {
    sendPlaylist(req, res, await playlists.media(await authorise(options, req), req.params.rendition))
  })
  router.get('/:token/:video/:rendition/iframes.m3u8', async (req, res) => {
    sendPlaylist(req, res, await playlists.iFrames(await authorise(options, req), req.params.rendition))
  })
  router.get('/:token/:video/:rendition/:file', async (req, res) => {
    const video = await authorise(options, req)
    const { rendition, file } = req.params
    if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(rendition)) throw missing()
    const cacheControl = video.visibility === 'private' ? PRIVATE_IMMUTABLE : IMMUTABLE
    const segment = /^(0|[1-9]\d{0,6})\.m4s$/.exec(file)?.[1]
    if (segment !== undefined) {
      const number = Number(segment)
      const key = mediaKeys.segment(video.mediaId, rendition, number)
      return sendOrWait(options, req, res, video, { key, type: 'video/iso.segment', cacheControl }, number)
    }
    const init = /^init(?:-(0|[1-9]\d{0,3}))?\.mp4$/.exec(file)
    if (!init) throw missing()
    const key = mediaKeys.init(video.mediaId, rendition, init[1] === undefined ? undefined : Number(init[1]))
    await sendOrWait(options, req, res, video, { key, type: 'video/mp4', cacheControl }, 'init')
  })
  router.use(() => {
    throw missing()
  })
  return router
}

/** Throws AppError `forbidden` (wrong token), `gone` (expired), `not-found` (deleted). */
async function authorise({ tokens, facts }: MediaRoutesOptions, req: Request): Promise<VideoRecord> {
  const { token = '', video: name = '' } = req.params as { token?: string; video?: string }
  const { id, mediaId } = parseMediaName(name)
  // First without the catalogue: guessing costs us a hash, not a query.
  const verdict = tokens.verify(token, name, 'public')
  if (verdict === 'invalid') throw new AppError('forbidden', 'This address is not signed for this video.')
  if (verdict === 'expired') throw new AppError('gone', 'This address has expired: load the page again.')
  const video = await facts.get(id)
  if (!video) throw new AppError('not-found', 'There is no such video.')
  if (tokens.verify(token, name, video.visibility) !== 'valid') {
    throw new AppError('forbidden', 'This video has become private.')
  }
  // Who began before another edition was shown goes on with what he has, as long as it is there.
  return mediaId === video.mediaId ? video : { ...video, mediaId }
}

function sendPlaylist(req: Request, res: Response, playlist: PlaylistText | undefined): void {
  if (!playlist) throw missing()
  res.set({
    'content-type': HLS,
    etag: playlist.etag,
    'cache-control': playlist.growing ? GROWING : FINISHED,
  })
  if (isUnchanged(req.headers, playlist.etag)) {
    res.status(304).end()
    return
  }
  const compressed = /\bgzip\b/.test(req.headers['accept-encoding'] ?? '') ? playlist.gzipped() : undefined
  res.vary('accept-encoding')
  if (compressed) res.set('content-encoding', 'gzip')
  res.end(compressed ?? playlist.text)
}

async function sendOrWait(
  options: MediaRoutesOptions,
  req: Request,
  res: Response,
  video: VideoRecord,
  file: MediaFile,
  wanted: number | 'init',
): Promise<void> {
  const { rendition = '' } = req.params as { rendition?: string }
  if (await options.sender.send(req, res, file)) {
    if (wanted !== 'init' && rendition !== ORIGINAL) options.views.note(video.mediaId, rendition)
    return
  }
  // The source's own segments are there as soon as a playlist names them: nobody makes them on demand.
  const made = video.renditions.find(({ name }) => name === rendition)
  if (!made || made.kind === 'original' || made.state === 'failed' || req.method === 'HEAD') throw missing()
  // Guessing costs us no query.
  if (wanted !== 'init' && !(await options.playlists.holds(video, wanted))) throw missing()
  const address = options.addresses.of(req)
  using place = options.waitingRoom.enter(address, file.key)
  if (!place) {
    throw new AppError('not-ready', 'Too many requests wait for segments already.', {
      fields: { retryAfterSeconds: RETRY_AFTER_SECONDS },
    })
  }
  const signal = signalOf(res)
  try {
    await options.demandSegment(video.mediaId, rendition, wanted, {
      signal,
      timeoutMs: options.segmentWaitMs,
      charge: (seconds) => {
        const charged = options.budget.charge(address, seconds)
        if (charged.granted) return charged.refund
        throw new AppError('not-ready', 'More has been asked for here than is encoded on demand.', {
          fields: { retryAfterSeconds: charged.retryAfterSeconds },
        })
      },
    })
  } catch (error) {
    // Nobody is there to be answered.
    if (signal.aborted) return
    throw error
  }
  if (!(await options.sender.send(req, res, file))) throw missing()
  if (wanted !== 'init') options.views.note(video.mediaId, rendition)
}

function missing(): AppError {
  return new AppError('not-found', 'There is no such file.')
}
