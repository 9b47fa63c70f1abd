/**
 * Keeps other sites from acting with a visitor's cookies. An unsafe request that comes from a browser page
 * must come from a page of this site: Sec-Fetch-Site says so where the browser sends it, else Origin must
 * name the host that was asked. Programs send neither, and have no cookies to be misused.
 * Fetch Metadata Request Headers (W3C WD 20 Jul 2021) §2.4; RFC 6454 §7.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { NextFunction, Request, Response } from 'express'
import { AppError } from '../../kernel/errors.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export function demandSameOrigin(publicUrl: string) {
  const publicOrigin = new URL(publicUrl).origin
  return (req: Request, _res: Response, next: NextFunction): void => {
    // A bearer token is never sent by the browser of its own accord.
    if (SAFE.has(req.method) || req.headers.authorization !== undefined) {
      next()
      return
    }
    if (isForeign(req.headers, publicOrigin))
      throw new AppError('forbidden', 'This request came from another site.')
    next()
  }
}

/** Whether a page of another site asks, with a browser that sends along our visitor's cookies. */
export function isForeignPage(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  return isForeign(headers, new URL(publicUrl).origin)
}

function isForeign({ origin, host, ...headers }: IncomingHttpHeaders, publicOrigin: string): boolean {
  const site = headers['sec-fetch-site']
  return origin === undefined
    ? site !== undefined && site !== 'same-origin' && site !== 'none'
    : origin !== publicOrigin && !sameHost(origin, host)
}

function sameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}
