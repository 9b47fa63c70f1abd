/** The web role: the API, media, live outputs and pages on one port. */
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { VERSION } from '../config/version.ts'
import { makeFindKeyframes } from '../database/chunk-keyframes.ts'
import { makeEvictionStore } from '../database/rendition-evictions.ts'
import { makeDelivery } from '../delivery/delivery.ts'
import type { Sample } from '../delivery/metrics.ts'
import { startWebServer } from '../delivery/server.ts'
import { makeSegmentDemand } from '../pipeline/demand.ts'
import type { JobCatalogue } from '../pipeline/job-catalogue.ts'
import { finishedLog } from '../recording/broadcast-log.ts'
import type { DiskWatermarks } from '../recording/disk-watermarks.ts'
import { wholeRecording } from '../recording/whole-recording.ts'
import { diskRefusal } from './disk.ts'
import type { Foundation } from './foundation.ts'
import type { Holdings } from './holdings.ts'
import type { IngestSide } from './ingest-side.ts'

const WEB_DIR = path.resolve(import.meta.dirname, '../../web/dist')

/** Resolves with the port when it listens. */
export async function startWeb(
  foundation: Foundation,
  holdings: Holdings,
  ingest: IngestSide,
  disk: DiskWatermarks,
  options: { readonly publishServer: string; readonly securePublishServer?: string | undefined },
  stack: AsyncDisposableStack,
): Promise<number> {
  const { config, prisma, queue, chunks, signals, changes, store, paths, log } = foundation
  const { library, videoStore, broadcastStore, signIn, mediaKey } = holdings
  const demand = makeSegmentDemand({ chunks, queue, signals, planner: foundation.planner })
  const delivery = stack.use(
    makeDelivery({
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
      metricsToken: config.metricsToken,
      publishServer: options.publishServer,
      securePublishServer: options.securePublishServer,
      version: VERSION,
      webDir: WEB_DIR,
      segmentWaitMs: config.segmentWaitMs,
      demandPerHour: config.demandPerHour,
      noteView: makeEvictionStore(prisma, config.renditionPolicy).noteView,
      mediaKey,
      signIn,
      library,
      videoStore,
      broadcastStore,
      changes,
      media: store,
      paths,
      demandSegment: demand.demandSegment,
      findKeyframes: makeFindKeyframes(prisma),
      onAirOf: (id) => ingest.onAirOf(id),
      endBroadcast: (id) => ingest.endBroadcast(id),
      openRecording: async (id, signal) => {
        // As it stands on disk: of a broadcast on air, up to now.
        const log = finishedLog(paths, id)
        return (await log.parts()).length > 0 ? wholeRecording(log, signal) : undefined
      },
      streamFlv: (streamName, out, signal) => ingest.streamFlv(streamName, out, signal),
      isStreaming: (streamName) => ingest.isStreaming(streamName),
      maxLiveViewersPerAddress: config.maxConnectionsPerAddress,
      checks: {
        database: async () => {
          await prisma.$queryRaw`SELECT 1`
          return undefined
        },
        disk: async () => diskRefusal(disk),
        ffmpeg: () =>
          access(foundation.tools.ffmpegPath, constants.X_OK).then(
            () => undefined,
            () => `${foundation.tools.ffmpegPath} is not there any more: install ffmpeg again and restart.`,
          ),
        queue: async () => {
          await queue.boss.getQueues()
          return undefined
        },
      },
      samples: [() => ingest.samples(), () => jobSamples(foundation.jobs)],
      log: log.child({ part: 'web' }),
    }),
  )
  await library.recover()
  const server = stack.use(
    await startWebServer(delivery.app, {
      host: config.host,
      port: config.port,
      upgrades: delivery.upgrades,
      endStreams: () => delivery.endStreams(),
    }),
  )
  await delivery.recover()
  return server.port
}

async function jobSamples(jobs: JobCatalogue): Promise<Sample[]> {
  return (await jobs.count()).map(({ kind, state, jobs: value }) => ({
    name: 'reprise_jobs',
    help: 'Jobs of the pipeline by kind and state',
    labels: { kind, state },
    value,
  }))
}
