/**
 * The web application as built into web/dist: hashed files for ever, index.html for every page, with the
 * title and picture of a video on its page for those who only read the head.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import express, { type Request, type Response, Router } from 'express'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { ANONYMOUS } from '../../library/permissions.ts'
import type { Videos } from '../../library/videos.ts'
import type { ShowVideo } from '../wire-video.ts'
import { injectHead, videoMeta } from './video-meta.ts'

export interface SiteOptions {
  /** Absolute: web/dist. */
  readonly dir: string
  readonly publicUrl: string
  readonly videos: Videos
  readonly showVideo: ShowVideo
}

const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>Reprise</title>
<p>The web pages are not built yet. Run <code>npm start</code>, which builds them, or <code>npx vite build web</code>.</p>
<p>The API works: see <a href="/api/docs">/api/docs</a>.</p>`

export function siteRoutes({ dir, publicUrl, videos, showVideo }: SiteOptions): Router {
  const router = Router()
  router.use(
    '/assets',
    express.static(path.join(dir, 'assets'), {
      immutable: true,
      maxAge: '1y',
      fallthrough: true,
      index: false,
    }),
  )
  router.use(express.static(dir, { maxAge: '1h', index: false, redirect: false }))

  async function sendPage(res: Response, head: string): Promise<void> {
    const page = await readFile(path.join(dir, 'index.html'), 'utf8').catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      },
    )
    res.set('cache-control', 'no-cache').type('html')
    if (page === undefined) res.status(503).send(NOT_BUILT)
    else res.send(head === '' ? page : injectHead(page, head))
  }

  router.get('/watch/:id', async (req, res) => {
    // As anybody sees it: what is here is fetched by crawlers and kept by them.
    const video = await videos.get(ANONYMOUS, req.params.id as VideoId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'not-found') return undefined
      throw error
    })
    await sendPage(res, video ? videoMeta(showVideo(video, ANONYMOUS), publicUrl) : '')
  })

  // Every other page is the web application's to find; a missing file is not a page.
  router.get('/{*page}', async (req, res, next) => {
    if (!isPage(req)) return next()
    await sendPage(res, '')
  })
  return router
}

function isPage(req: Request): boolean {
  return (
    !/^\/(api|media|live|assets)(\/|$)/.test(req.path) &&
    path.extname(req.path) === '' &&
    req.accepts('html') !== false
  )
}
