/**
 * Ingest answers a web role in another process, over HTTP on a unix socket in the shared storage folder:
 *
 *     GET  /on-air           what is on air, for pages and figures
 *     POST /end/<broadcast>  ends a broadcast; answers when its replay is complete
 *     GET  /live/<channel>   FLV, until the broadcast or the viewer ends
 *
 * Who may open the socket may read the recordings beside it as well: it asks for no more than that.
 */
import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { AppError, describeError } from '../kernel/errors.ts'
import type { BroadcastId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Broadcasting } from './broadcasting.ts'
import { localIngest, type OnAirNow } from './ingest-side.ts'

/** sockaddr_un of Linux, with its zero at the end: unix(7). */
const MAX_SOCKET_PATH_BYTES = 107

/** The answer to GET /on-air. */
export interface OnAirReport {
  readonly broadcasts: readonly (readonly [BroadcastId, OnAirNow])[]
  readonly streams: readonly string[]
  readonly samples: ReturnType<ReturnType<typeof localIngest>['samples']>
}

/** The caller holds the storage lock: a socket that is there is a dead process's. */
export async function openIngestLink(
  socketPath: string,
  broadcasting: Broadcasting,
  log: Logger,
): Promise<AsyncDisposable> {
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    log.warn(
      { socketPath },
      'STORAGE_DIR is too long for a socket: a web role in another process shows no health and no live FLV',
    )
    return { [Symbol.asyncDispose]: async () => undefined }
  }
  rmSync(socketPath, { force: true })
  const server = createServer((req, res) => {
    answer(broadcasting, req, res).catch((error: unknown) => {
      const missing = error instanceof AppError && error.code === 'not-found'
      if (!missing) log.warn({ err: error, url: req.url }, 'the web could not be answered')
      if (res.headersSent) res.destroy()
      else res.writeHead(missing ? 404 : 500).end(describeError(error))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(broadcasting: Broadcasting, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const side = localIngest(broadcasting)
  const [, kind = '', name = ''] = (req.url ?? '').split('/').map(decodeURIComponent)
  switch (`${req.method} ${kind}`) {
    case 'GET on-air': {
      const report: OnAirReport = {
        broadcasts: broadcasting.onAir().flatMap((id) => {
          const now = side.onAirOf(id)
          return now ? [[id, now] as const] : []
        }),
        streams: broadcasting.rtmp.snapshot().streams.map(({ streamName }) => streamName),
        samples: side.samples(),
      }
      res.setHeader('content-type', 'application/json').end(JSON.stringify(report))
      return
    }
    case 'POST end':
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ ended: await side.endBroadcast(name as BroadcastId) }))
      return
    case 'GET live': {
      const gone = new AbortController()
      res.once('close', () => gone.abort())
      await side.streamFlv(name, res, gone.signal)
      return
    }
    default:
      throw new AppError('not-found', 'There is nothing of that name.')
  }
}
