/** `reprise serve`: from the first signal on it closes down, and is done when everything is closed. */
import type { Config } from '../config/config.ts'
import type { Role } from '../config/roles.ts'
import type { Logger } from '../kernel/logger.ts'
import { startService } from '../service.ts'
import { describeStart } from './start-message.ts'

/**
 * npm passes a terminal's Ctrl-C on to a program that has had it already: a second one within this time is
 * the same keypress.
 */
const SAME_KEYPRESS_MS = 1_000
const LEAK_GRACE_MS = 3_000

/** Resolves when the service has been stopped by SIGINT or SIGTERM. Throws what startService throws. */
export async function serve(config: Config, roles: ReadonlySet<Role>, log: Logger): Promise<void> {
  const stop = stopOnSignals(log)
  try {
    {
      await using service = await startService(config, { roles, log, signal: stop.signal })
      process.stdout.write(describeStart(service))
      await stop.requested
    }
    log.info('stopped')
  } catch (error) {
    if (!stop.signal.aborted) throw error
    log.info('stopped while starting')
  } finally {
    stop.ignore()
    // Everything is closed, so the process ends by itself; if something was left open, that must not keep it.
    setTimeout(() => {
      log.warn({ left: process.getActiveResourcesInfo() }, 'something was left open; leaving it')
      process.exit()
    }, LEAK_GRACE_MS).unref()
  }
}

function stopOnSignals(log: Logger): {
  readonly signal: AbortSignal
  readonly requested: Promise<void>
  ignore(): void
} {
  const controller = new AbortController()
  // Listening for signals does not keep a process alive; waiting for one has to.
  const alive = setInterval(() => {}, 2 ** 30)
  const requested = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve()),
  )
  let firstMs: number | undefined
  const onSignal = (name: NodeJS.Signals) => {
    if (firstMs === undefined) {
      firstMs = performance.now()
      log.info({ signal: name }, 'stopping')
      controller.abort()
    } else if (name === 'SIGINT' && performance.now() - firstMs > SAME_KEYPRESS_MS) {
      log.warn('stopping at once, without closing')
      process.exit(130)
    }
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  return {
    signal: controller.signal,
    requested,
    ignore() {
      clearInterval(alive)
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, onSignal)
    },
  }
}
