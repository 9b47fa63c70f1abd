/**
 * Run by itself, to be measured: ingest, live outputs and the recorder as the program has them, for
 * anybody who publishes. `packaging` also follows every log and writes the original rendition. No database.
 *
 *     node ingest-process.ts <folder> recording|packaging    prints {"rtmpPort":…,"httpPort":…}
 *
 * The stream named x is recorded in <folder>/recordings/x/0.flv and watched at rtmp …/live/x and
 * http …/live/x.flv.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { streamFlv } from '../../src/ingest/flv-output.ts'
import { LiveHub } from '../../src/ingest/live-hub.ts'
import type { PublishGate } from '../../src/ingest/publish-gate.ts'
import { RtmpServer } from '../../src/ingest/rtmp-server.ts'
import type { BroadcastId, SessionId, VideoId } from '../../src/kernel/ids.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { LivePackager } from '../../src/library/broadcasts/live-packager.ts'
import { PackagingThread } from '../../src/packaging/thread/packaging-thread.ts'
import type { TimelinePlanner } from '../../src/pipeline/planner.ts'
import { makeRecorder } from '../support/packaged-video.ts'

const [folder = '', mode = ''] = process.argv.slice(2)
if (folder === '' || !['recording', 'packaging'].includes(mode))
  throw new Error('usage: node ingest-process.ts <folder> recording|packaging')

/** The pipeline's rows are the database's work, and that of nobody measured here. */
const NO_PLANNER: TimelinePlanner = {
  extendTimeline: async () => {},
  completeTimeline: async () => {},
  reachSegment: async () => false,
  forget: async () => {},
  catchUp: async () => {},
}

const log = makeLogger('error')
const recorder = makeRecorder(folder)
const thread = new PackagingThread(
  () =>
    new Worker(new URL('../../src/composition/packaging-worker.ts', import.meta.url), {
      workerData: path.join(folder, 'media'),
    }),
)
const packager =
  mode === 'packaging'
    ? new LivePackager({
        recorder,
        packageLog: (request) => thread.package(request),
        planner: NO_PLANNER,
        log,
      })
    : undefined

const gate: PublishGate = {
  async admit({ streamKey }) {
    const broadcastId = streamKey as BroadcastId
    const sessionId = streamKey as SessionId
    const session = await recorder.openSession({ broadcastId, sessionId, firstPart: 0 })
    const packaging = packager?.follow({ broadcastId, videoId: streamKey as VideoId })
    return {
      admitted: true,
      session: {
        sessionId,
        streamName: streamKey,
        write: (message) => session.write(message),
        flush: () => session.flush(),
        onDrain: (listener) => session.onDrain(listener),
        onStop: (listener) => session.onFailure((error) => void listener('protocol-error', error.message)),
        async close() {
          await session.close()
          await packaging?.finish()
          recorder.endBroadcast(broadcastId)
        },
      },
    }
  },
}

const hub = new LiveHub()
const rtmp = new RtmpServer({
  host: '127.0.0.1',
  port: 0,
  gate,
  playGate: { mayPlay: async () => true },
  hub,
  logger: log,
})
const http = createServer((req, res) => {
  const name = /^\/live\/(\w+)\.flv$/.exec(req.url ?? '')?.[1] ?? ''
  const left = new AbortController()
  res.on('close', () => left.abort())
  res.writeHead(200, { 'content-type': 'video/x-flv', 'cache-control': 'no-store' })
  streamFlv(hub, name, res, left.signal).catch(() => res.destroy())
})
const rtmpPort = await rtmp.listen()
http.listen(0, '127.0.0.1')
await once(http, 'listening')
console.log(JSON.stringify({ rtmpPort, httpPort: (http.address() as AddressInfo).port }))

process.once('SIGTERM', () => {
  http.close()
  http.closeAllConnections()
  hub.close()
  void rtmp.close()
})
