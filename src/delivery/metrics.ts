/**
 * /metrics: Prometheus text. The process, HTTP, and what ingest and the pipeline say of themselves. For who has
 * the token; where none is set, for machines of our own networks.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type NextFunction, type Request, type Response, Router } from 'express'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { AppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import { type ClientAddresses, isOwnNetwork } from './client-address.ts'

/** A number with a name and labels, read when somebody asks. */
export interface Sample {
  /** Such as `reprise_ingest_bytes_total`. */
  readonly name: string
  readonly help: string
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** One for each part of the program that has something to say. */
export type SampleSource = () => Promise<readonly Sample[]> | readonly Sample[]

export interface Metrics {
  readonly router: Router
  /** Put before everything: times every request. */
  readonly observe: (req: Request, res: Response, next: NextFunction) => void
}

/** From a segment in memory to one that was waited for. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 15]

export interface MetricsAccess {
  readonly token: string | undefined
  readonly addresses: ClientAddresses
}

export function makeMetrics(sources: readonly SampleSource[], access: MetricsAccess, log: Logger): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'reprise_' })
  const requests = new Histogram({
    name: 'reprise_http_request_seconds',
    help: 'HTTP requests by kind of address, from the first byte in to the last byte out',
    labelNames: ['method', 'kind', 'status'],
    buckets: SECONDS,
    registers: [registry],
  })
  const gauges = new Map<string, Gauge>()
  const router = Router()
  router.get('/metrics', async (req, res) => {
    demandAccess(req, access)
    await collect(sources, registry, gauges, log)
    res
      .set({ 'content-type': registry.contentType, 'cache-control': 'no-store' })
      .send(await registry.metrics())
  })
  return {
    router,
    observe(req, res, next) {
      const kind = kindOf(req.path)
      const method = req.method
      const stop = requests.startTimer()
      res.once('close', () => {
        // An open page's event stream says how long the page was open, not how long we took.
        if (kind !== 'events' && kind !== 'live') stop({ method, kind, status: String(res.statusCode) })
      })
      next()
    },
  }
}

function demandAccess(req: Request, { token, addresses }: MetricsAccess): void {
  if (token !== undefined) {
    if (!isEqual(req.headers.authorization ?? '', `Bearer ${token}`))
      throw new AppError(
        'forbidden',
        'Metrics are shown to who sends "Authorization: Bearer <METRICS_TOKEN>".',
      )
  } else if (addresses.isHidden(req) || !isOwnNetwork(addresses.of(req))) {
    throw new AppError(
      'forbidden',
      'Metrics are shown to machines of the server\u2019s own networks: set METRICS_TOKEN to have them from elsewhere.',
    )
  }
}

/** In a time that tells nothing. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}

/** Few and fixed: a label for each video would be a metric for each video. */
function kindOf(path: string): string {
  if (path.startsWith('/media/'))
    return path.endsWith('.m3u8') ? 'playlist' : path.endsWith('.m4s') ? 'segment' : 'media'
  if (path === '/api/v1/events') return 'events'
  if (path.startsWith('/live/')) return 'live'
  if (path.startsWith('/api/v1/uploads')) return 'upload'
  if (path.startsWith('/api/')) return 'api'
  return 'site'
}

async function collect(
  sources: readonly SampleSource[],
  registry: Registry,
  gauges: Map<string, Gauge>,
  log: Logger,
): Promise<void> {
  for (const gauge of gauges.values()) gauge.reset()
  for (const source of sources) {
    try {
      for (const { name, help, labels = {}, value } of await source()) {
        let gauge = gauges.get(name)
        if (!gauge) {
          gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] })
          gauges.set(name, gauge)
        }
        gauge.set(labels, value)
      }
    } catch (error) {
      // The others' numbers are worth having most when one part is in trouble.
      log.warn({ err: error }, 'a part of the program could not say how it does')
    }
  }
}
