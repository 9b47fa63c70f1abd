/**
 * What lies beside the pictures, for whoever has the token:
 *
 *     poster/<name>.jpg, <name>-card.jpg      another name with another picture
 *     preview/<name>.webp
 *     storyboard.vtt                          grows while the video does
 *     storyboard/<n>.jpg
 *     captions/<id>-<version>.vtt             a track as it is
 *     captions/<id>-<version>/index.m3u8      the same in pieces along the segments
 *     captions/<id>-<version>/<n>.vtt
 */
import { createHash } from 'node:crypto'
import type { Request, Response, Router } from 'express'
import type { Cue } from '../../formats/webvtt/cue.ts'
import { parseWebVtt } from '../../formats/webvtt/parse-webvtt.ts'
import { renderPiece } from '../../formats/webvtt/render-webvtt.ts'
import { AppError } from '../../kernel/errors.ts'
import type { CaptionStore } from '../../library/captions/caption-store.ts'
import type { StoryboardStore } from '../../library/storyboards.ts'
import type { VideoRecord } from '../../library/video-record.ts'
import { type MediaKey, mediaKeys } from '../../media/layout.ts'
import type { TimelineCache } from '../../packaging/timeline-cache.ts'
import { planPieces, renderCaptionPlaylist } from './caption-pieces.ts'
import { isUnchanged } from './conditional.ts'
import { IMMUTABLE, type MediaSender } from './send-media.ts'
import { renderStoryboard } from './storyboard-vtt.ts'

export interface BesideRoutesOptions {
  /** The video whose token was sent. */
  readonly authorise: (req: Request) => Promise<VideoRecord>
  readonly sender: MediaSender
  readonly timelines: TimelineCache
  readonly captions: Pick<CaptionStore, 'text'>
  readonly storyboards: Pick<StoryboardStore, 'sheets'>
}

const HLS = 'application/vnd.apple.mpegurl'
const VTT = 'text/vtt; charset=utf-8'
const PRIVATE_IMMUTABLE = IMMUTABLE.replace('public', 'private')
const NAME = /^[0-9a-f]{16}$/
const NUMBER = /^(0|[1-9]\d{0,6})$/
/** Tracks whose cues are kept read: every piece of one is cut from them. */
const MAX_TRACKS = 50

export function addBesideRoutes(router: Router, options: BesideRoutesOptions): void {
  const { authorise, sender, timelines, storyboards } = options
  const cuesOf = makeCueCache(options.captions)

  async function sendFile(req: Request, res: Response, video: VideoRecord, key: MediaKey, type: string) {
    const cacheControl = video.visibility === 'private' ? PRIVATE_IMMUTABLE : IMMUTABLE
    if (!(await sender.send(req, res, { key, type, cacheControl }))) throw missing()
  }

  router.get('/:token/:video/poster/:file', async (req, res) => {
    const video = await authorise(req)
    const [, name = '', card] = /^([^.-]+)(-card)?\.jpg$/.exec(req.params.file) ?? []
    if (!NAME.test(name)) throw missing()
    const key = mediaKeys.posterPicture(video.mediaId, name, card ? 'card' : 'page')
    await sendFile(req, res, video, key, 'image/jpeg')
  })
  router.get('/:token/:video/preview/:name.webp', async (req, res) => {
    const video = await authorise(req)
    if (!NAME.test(req.params.name)) throw missing()
    await sendFile(req, res, video, mediaKeys.preview(video.mediaId, req.params.name), 'image/webp')
  })
  router.get('/:token/:video/storyboard.vtt', async (req, res) => {
    const video = await authorise(req)
    const sheets = await storyboards.sheets(video.mediaId)
    if (sheets.length === 0) throw missing()
    sendText(req, res, VTT, renderStoryboard(sheets), video.state === 'ready' ? 'finished' : 'growing')
  })
  router.get('/:token/:video/storyboard/:number.jpg', async (req, res) => {
    const video = await authorise(req)
    const number = numberOf(req.params.number)
    await sendFile(req, res, video, mediaKeys.storyboardSheet(video.mediaId, number), 'image/jpeg')
  })
  router.get('/:token/:video/captions/:file', async (req, res) => {
    const video = await authorise(req)
    const [, name = ''] = /^(.+)\.vtt$/.exec(req.params.file) ?? []
    const { id, version } = readTrackName(name)
    const text = await options.captions.text(video.id, id, version)
    if (text === undefined) throw missing()
    sendText(req, res, VTT, text, 'for-ever', video)
  })
  router.get('/:token/:video/captions/:track/index.m3u8', async (req, res) => {
    const video = await authorise(req)
    const [known, cues] = await Promise.all([timelines.get(video.mediaId), cuesOf(video, req.params.track)])
    if (!known || !cues) throw missing()
    const text = renderCaptionPlaylist(known.timeline)
    sendText(req, res, HLS, text, known.timeline.ended ? 'finished' : 'growing')
  })
  router.get('/:token/:video/captions/:track/:number.vtt', async (req, res) => {
    const video = await authorise(req)
    const [known, cues] = await Promise.all([timelines.get(video.mediaId), cuesOf(video, req.params.track)])
    const piece = known && planPieces(known.timeline)[numberOf(req.params.number)]
    if (!piece || !cues) throw missing()
    sendText(req, res, VTT, renderPiece(cues, piece.start, piece.end), 'for-ever', video)
  })
}

/** `<id>-<version>`: with a new text there is another address, and the old one has gone. */
function readTrackName(name: string): { readonly id: string; readonly version: number } {
  const [, id, version] = /^([0-9a-f-]{36})-([1-9]\d{0,6})$/.exec(name) ?? []
  if (!id || !version) throw missing()
  return { id, version: Number(version) }
}

function makeCueCache(captions: Pick<CaptionStore, 'text'>) {
  const kept = new Map<string, readonly Cue[]>()
  return async (video: VideoRecord, track: string): Promise<readonly Cue[] | undefined> => {
    const { id, version } = readTrackName(track)
    const key = `${video.id}/${id}-${version}`
    let cues = kept.get(key)
    kept.delete(key)
    if (!cues) {
      const text = await captions.text(video.id, id, version)
      if (text === undefined) return undefined
      cues = parseWebVtt(text)
    }
    kept.set(key, cues)
    const oldest = kept.keys().next().value
    if (kept.size > MAX_TRACKS && oldest !== undefined) kept.delete(oldest)
    return cues
  }
}

function sendText(
  req: Request,
  res: Response,
  type: string,
  text: string,
  keep: 'for-ever' | 'finished' | 'growing',
  video?: VideoRecord,
): void {
  const etag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  const forEver = video?.visibility === 'private' ? PRIVATE_IMMUTABLE : IMMUTABLE
  const cacheControl = { 'for-ever': forEver, finished: 'public, max-age=60', growing: 'no-cache' }[keep]
  res.set({ 'content-type': type, etag, 'cache-control': cacheControl })
  if (isUnchanged(req.headers, etag)) res.status(304).end()
  else res.end(text)
}

function numberOf(text: string): number {
  if (!NUMBER.test(text)) throw missing()
  return Number(text)
}

function missing(): AppError {
  return new AppError('not-found', 'There is no such file.')
}
