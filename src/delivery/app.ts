/**
 * The express application: what is asked of every request, in order, then who answers.
 *
 *     headers → /media, /live → compression → health, metrics, docs → same origin → auth → API → pages → problem
 */
import compression from 'compression'
import express, { type Express, type Router } from 'express'
import { AppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { AskerOf } from './auth/asker.ts'
import { authRoutes } from './auth/auth-routes.ts'
import { demandSameOrigin } from './auth/same-origin.ts'
import type { SignIn } from './auth/sign-in.ts'
import type { ClientAddresses } from './client-address.ts'
import { docsRoutes } from './docs-routes.ts'
import type { Metrics } from './metrics.ts'
import { API_BASE, makeOpenApiDocument } from './openapi.ts'
import { problemHandler } from './problem.ts'
import { mountRoutes, type Route } from './route.ts'
import { securityHeaders } from './security-headers.ts'

const MAX_JSON_BYTES = 256 * 1024
const MAX_RESPONSE_LISTENERS = 30

export interface AppOptions {
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  readonly addresses: ClientAddresses
  readonly version: string
  readonly signIn: SignIn
  readonly askerOf: AskerOf
  readonly routes: readonly Route[]
  readonly media: Router
  readonly live: Router
  readonly health: Router
  readonly metrics: Metrics
  readonly site: Router
  readonly log: Logger
}

export function makeApp(options: AppOptions): Express {
  const { publicUrl, routes } = options
  const app = express()
  app.disable('x-powered-by')
  // For the protocol; whose request it is says client-address.ts.
  app.set('trust proxy', options.trustedProxies.length > 0 && [...options.trustedProxies])
  app.set('query parser', 'simple')
  app.set('etag', 'weak')
  app.use((_req, res, next) => {
    // Metrics, compression, a stream's pipeline and the wait for a client who leaves each listen; Node warns at eleven.
    res.setMaxListeners(MAX_RESPONSE_LISTENERS)
    next()
  })
  app.use(options.metrics.observe)
  app.use(securityHeaders(publicUrl))
  app.use('/media', options.media)
  app.use(options.live)
  app.use(compression({ filter: isWorthCompressing }))
  app.use(options.health)
  app.use(options.metrics.router)
  app.use(docsRoutes(makeOpenApiDocument(routes, options.version)))
  app.use('/api', demandSameOrigin(publicUrl))
  app.use('/api/auth', authRoutes(options.signIn, options.addresses))
  app.use(API_BASE, apiRouter(routes, options.askerOf))
  app.use('/api', () => {
    throw new AppError('not-found', 'There is no such address in the API: see /api/docs.')
  })
  app.use(options.site)
  app.use(() => {
    throw new AppError('not-found', 'There is nothing at this address.')
  })
  app.use(problemHandler(options.log))
  return app
}

function apiRouter(routes: readonly Route[], askerOf: AskerOf): Router {
  const router = express.Router()
  router.use(express.json({ limit: MAX_JSON_BYTES }))
  mountRoutes(router, routes, askerOf)
  return router
}

/** Not events, which would sit in the compressor's buffer, and nothing that is compressed already. */
function isWorthCompressing(req: express.Request, res: express.Response): boolean {
  const type = String(res.getHeader('content-type') ?? '')
  if (/^(text\/event-stream|video\/|image\/(?!svg)|application\/octet-stream)/.test(type)) return false
  return compression.filter(req, res)
}
