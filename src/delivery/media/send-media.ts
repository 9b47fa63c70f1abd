/**
 * Sends a media file: conditional and range requests, small ones from memory, large ones as a stream.
 * RFC 9110 §13.1.2 (If-None-Match), §13.1.5 (If-Range), §14 (ranges).
 */
import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'
import { AppError } from '../../kernel/errors.ts'
import type { MediaKey } from '../../media/layout.ts'
import type { MediaStore } from '../../media/store.ts'
import { isUnchanged } from './conditional.ts'
import type { SegmentCache } from './segment-cache.ts'

/** Segments of a few seconds stay well below; a larger file is streamed. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024
export const IMMUTABLE = 'public, max-age=31536000, immutable'

export interface MediaFile {
  readonly key: MediaKey
  readonly type: string
  readonly cacheControl: string
}

export interface MediaSender {
  /** False: there is no such file, and nothing was sent. */
  send(req: Request, res: Response, file: MediaFile): Promise<boolean>
}

export function makeMediaSender(store: MediaStore, cache: SegmentCache): MediaSender {
  return {
    async send(req, res, file) {
      const hot = cache.get(file.key)
      const stat = hot ? undefined : await store.stat(file.key)
      const size = hot?.byteLength ?? stat?.bytes
      if (size === undefined) return false
      // Content under a key never changes, so the key names the content; a poster may be replaced by one of another size.
      const etag = `"${file.key.replaceAll('/', '-')}-${size}"`
      res.set({
        'content-type': file.type,
        'cache-control': file.cacheControl,
        etag,
        'accept-ranges': 'bytes',
      })
      if (isUnchanged(req.headers, etag)) {
        res.status(304).end()
        return true
      }
      const range = readRange(req, size, etag)
      if (range === 'unsatisfiable') {
        res.set({ 'content-range': `bytes */${size}`, 'cache-control': 'no-store' })
        res.status(416).end()
        return true
      }
      const { start, end } = range ?? { start: 0, end: size }
      if (range) {
        res.status(206).set('content-range', `bytes ${start}-${end - 1}/${size}`)
      } else res.status(200)
      res.set('content-length', String(end - start))
      if (req.method === 'HEAD') {
        res.end()
        return true
      }
      if (size <= MAX_BUFFERED_BYTES) {
        const content = hot ?? (await cache.load(file.key, () => store.read(file.key)))
        if (!content || content.byteLength !== size)
          throw new AppError('not-found', 'This segment was removed.')
        res.end(range ? content.subarray(start, end) : content)
      } else {
        await pipeline(await store.stream(file.key, { start, end }), res)
      }
      return true
    },
  }
}

/** The one range asked for, `end` exclusive; undefined: send everything (several ranges at once too). */
function readRange(
  req: Request,
  size: number,
  etag: string,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const ifRange = req.headers['if-range']
  if (ifRange !== undefined && ifRange !== etag) return undefined
  const ranges = req.range(size)
  if (ranges === undefined || ranges === -2) return undefined
  if (ranges === -1) return 'unsatisfiable'
  const [first] = ranges
  if (ranges.type !== 'bytes' || ranges.length !== 1 || !first) return undefined
  return { start: first.start, end: first.end + 1 }
}
