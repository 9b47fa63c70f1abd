/**
 * The composition root: builds every part, joins each port to its implementation (composition/), and
 * disposes of them in reverse order.
 */
import { startBroadcasting } from './composition/broadcasting.ts'
import { watchDisk } from './composition/disk.ts'
import { layFoundation } from './composition/foundation.ts'
import { openLibrary } from './composition/holdings.ts'
import { openIngestLink } from './composition/ingest-link.ts'
import { localIngest } from './composition/ingest-side.ts'
import { remoteIngest } from './composition/remote-ingest.ts'
import { startWeb } from './composition/web.ts'
import { startWorking } from './composition/working.ts'
import type { Config } from './config/config.ts'
import { checkRoles, type Role } from './config/roles.ts'
import { createFirstAdmin } from './delivery/auth/first-admin.ts'
import type { Logger } from './kernel/logger.ts'
import { type FirstRun, writeFirstRun } from './setup/first-run.ts'
import { lockUploads } from './setup/storage-lock.ts'

export interface Service extends AsyncDisposable {
  readonly roles: ReadonlySet<Role>
  readonly site: string
  /** What goes into an encoder's "server" field. */
  readonly rtmpServer: string
  /** Only on the first start. */
  readonly firstRun: FirstRun | undefined
}

export interface ServiceOptions {
  readonly roles: ReadonlySet<Role>
  readonly log: Logger
  /** Aborted: stop starting. */
  readonly signal?: AbortSignal
}

/** Throws AppError for everything foreseen; what was already built is disposed of. */
export async function startService(config: Config, { roles, log, signal }: ServiceOptions): Promise<Service> {
  checkRoles(roles, config.databaseUrl)
  await using building = new AsyncDisposableStack()
  const { hostname } = new URL(config.publicUrl)
  const rtmpServer = `rtmp://${hostname}:${config.rtmpPort}/live`
  const securePublishServer = config.rtmps && `rtmps://${hostname}:${config.rtmps.port}/live`

  const standing = roles.has('ingest') ? 'owner' : 'visitor'
  const foundation = await layFoundation(config, building, { log, signal, standing })
  const disk = await watchDisk(foundation, building)
  let firstRun: FirstRun | undefined
  if (roles.has('ingest') || roles.has('web')) {
    const holdings = await openLibrary(foundation, building)
    const firstAdmin = await createFirstAdmin(holdings.people, config.admin)
    firstRun = firstAdmin && { ...firstAdmin, server: rtmpServer, site: config.publicUrl }
    if (firstRun) writeFirstRun(foundation.paths.firstRun, firstRun)

    const broadcasting = roles.has('ingest')
      ? await startBroadcasting(foundation, holdings, disk, building)
      : undefined
    if (roles.has('web')) {
      building.use(lockUploads(config.storageDir))
      const ingest = broadcasting
        ? localIngest(broadcasting)
        : building.use(remoteIngest(foundation.paths.ingestSocket, log.child({ part: 'web' })))
      await startWeb(
        foundation,
        holdings,
        ingest,
        disk,
        { publishServer: rtmpServer, securePublishServer },
        building,
      )
    } else if (broadcasting) {
      building.use(
        await openIngestLink(foundation.paths.ingestSocket, broadcasting, log.child({ part: 'ingest-link' })),
      )
    }
  }
  if (roles.has('worker')) building.use(await startWorking(foundation, disk))

  const built = building.move()
  return {
    roles,
    site: config.publicUrl,
    rtmpServer,
    firstRun,
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  }
}
