/**
 * The composition root: builds every part, joins each port to its implementation (composition/), and
 * disposes of them in reverse order.
 */
import { startBroadcasting } from './composition/broadcasting.ts'
import { layFoundation } from './composition/foundation.ts'
import { openLibrary } from './composition/holdings.ts'
import { startWeb } from './composition/web.ts'
import { startWorking } from './composition/working.ts'
import type { Config } from './config/config.ts'
import { createFirstAdmin } from './delivery/auth/first-admin.ts'
import type { Logger } from './kernel/logger.ts'
import { type FirstRun, writeFirstRun } from './setup/first-run.ts'

export interface Service extends AsyncDisposable {
  readonly site: string
  /** What goes into an encoder's "server" field. */
  readonly rtmpServer: string
  /** Only on the first start. */
  readonly firstRun: FirstRun | undefined
}

export interface ServiceOptions {
  readonly log: Logger
  /** Aborted: stop starting. */
  readonly signal?: AbortSignal
}

/** Throws AppError for everything foreseen; what was already built is disposed of. */
export async function startService(config: Config, { log, signal }: ServiceOptions): Promise<Service> {
  await using building = new AsyncDisposableStack()
  const { hostname } = new URL(config.publicUrl)
  const rtmpServer = `rtmp://${hostname}:${config.rtmpPort}/live`
  const securePublishServer = config.rtmps && `rtmps://${hostname}:${config.rtmps.port}/live`

  const foundation = await layFoundation(config, building, { log, signal })
  const holdings = await openLibrary(foundation, building)
  const firstAdmin = await createFirstAdmin(holdings.people, config.admin)
  const firstRun = firstAdmin && { ...firstAdmin, server: rtmpServer, site: config.publicUrl }
  if (firstRun) writeFirstRun(foundation.paths.firstRun, firstRun)

  const broadcasting = await startBroadcasting(foundation, holdings, building)
  await startWeb(
    foundation,
    holdings,
    broadcasting,
    { publishServer: rtmpServer, securePublishServer },
    building,
  )
  building.use(await startWorking(foundation, broadcasting))

  const built = building.move()
  return { site: config.publicUrl, rtmpServer, firstRun, [Symbol.asyncDispose]: () => built.disposeAsync() }
}
