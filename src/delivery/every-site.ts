/**
 * For what pages and players of other sites may load too. Without credentials: browsers refuse a `*` to
 * requests with cookies. Fetch (WHATWG) §3.2, §3.7.
 */
import type { Request, Response } from 'express'

export function allowEverySite(req: Request, res: Response, next: () => void): void {
  res.set({
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'Content-Length, Content-Range, ETag, Retry-After',
    'cross-origin-resource-policy': 'cross-origin',
    'timing-allow-origin': '*',
  })
  if (req.method !== 'OPTIONS') {
    next()
    return
  }
  res.set({
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers': 'Range, If-None-Match, If-Range',
    'access-control-max-age': '86400',
  })
  res.status(204).end()
}
