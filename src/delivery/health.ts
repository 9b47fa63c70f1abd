/** /healthz: this process answers. /readyz: everything it needs does too, part by part. */
import { Router } from 'express'
import { describeError } from '../kernel/errors.ts'

/** Resolves when the part works, with a word on it if there is one; rejects with what is wrong. */
export type HealthCheck = (signal: AbortSignal) => Promise<string | undefined>

export type HealthChecks = Readonly<Record<'database' | 'disk' | 'ffmpeg' | 'queue', HealthCheck>>

/** An orchestrator gives up on its own question sooner than it would on ours. */
const CHECK_TIMEOUT_MS = 3000

export function healthRoutes(checks: HealthChecks): Router {
  const router = Router()
  router.get('/healthz', (_req, res) => {
    res.set('cache-control', 'no-store').json({ status: 'ok' })
  })
  router.get('/readyz', async (_req, res) => {
    const parts = Object.fromEntries(
      await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, await run(check)] as const),
      ),
    )
    const ready = Object.values(parts).every((part) => part.ok)
    res
      .status(ready ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ status: ready ? 'ready' : 'not-ready', parts })
  })
  return router
}

async function run(check: HealthCheck): Promise<{ ok: boolean; detail?: string }> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS)
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), {
      once: true,
    })
  })
  try {
    const detail = await Promise.race([check(signal), late])
    return { ok: true, ...(detail !== undefined && { detail }) }
  } catch (error) {
    return { ok: false, detail: describeError(error) }
  }
}
