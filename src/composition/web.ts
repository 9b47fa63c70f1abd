/** The web role: the API, media, live outputs and pages on one port. */
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { makeDelivery } from '../delivery/delivery.ts'
import type { Sample } from '../delivery/metrics.ts'
import { startWebServer } from '../delivery/server.ts'
import { streamFlv } from '../ingest/flv-output.ts'
import { makeSegmentDemand } from '../pipeline/demand.ts'
import type { JobCatalogue } from '../pipeline/job-catalogue.ts'
import { wholeRecording } from '../recording/whole-recording.ts'
import { type Broadcasting, diskRefusal } from './broadcasting.ts'
import type { Foundation } from './foundation.ts'
import type { Holdings } from './holdings.ts'

const WEB_DIR = path.resolve(import.meta.dirname, '../../web/dist')
const VERSION = '0.1.0'

/** Resolves with the port when it listens. */
export async function startWeb(
  foundation: Foundation,
  holdings: Holdings,
  broadcasting: Broadcasting,
  options: { readonly publishServer: string; readonly securePublishServer?: string | undefined },
  stack: AsyncDisposableStack,
): Promise<number> {
  const { config, prisma, queue, chunks, signals, changes, store, paths, log } = foundation
  const { library, videoStore, broadcastStore, signIn, mediaKey } = holdings
  const { hub, disk, broadcasts, recorder } = broadcasting
  const demand = makeSegmentDemand({ chunks, queue, signals, planner: foundation.planner })
  const delivery = stack.use(
    makeDelivery({
      publicUrl: config.publicUrl,
      publishServer: options.publishServer,
      securePublishServer: options.securePublishServer,
      version: VERSION,
      webDir: WEB_DIR,
      segmentWaitMs: config.segmentWaitMs,
      mediaKey,
      signIn,
      library,
      videoStore,
      broadcastStore,
      changes,
      media: store,
      paths,
      demandSegment: demand.demandSegment,
      onAirOf: broadcasting.onAirOf,
      endBroadcast: (id) => broadcasts.end(id),
      openRecording: async (id, signal) => {
        // As it stands on disk: of a broadcast on air, up to now.
        const log = recorder.finishedLog(id)
        return (await log.parts()).length > 0 ? wholeRecording(log, signal) : undefined
      },
      streamFlv: (streamName, out, signal) => streamFlv(hub, streamName, out, signal),
      isStreaming: (streamName) => hub.isLive(streamName),
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
      samples: [() => ingestSamples(broadcasting), () => jobSamples(foundation.jobs)],
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

function ingestSamples({ rtmp, disk }: Broadcasting): Sample[] {
  const { connections, streams } = rtmp.snapshot()
  // Several streams of one connection are listed each.
  const open = new Set(connections.map(({ id }) => id))
  // Also those whose broadcast was ended while they go on sending.
  const publishing = connections.filter(({ phase }) => phase === 'publishing' || phase === 'discarding')
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  return [
    { name: 'reprise_ingest_connections', help: 'Open RTMP connections', value: open.size },
    { name: 'reprise_ingest_publishers', help: 'Encoders connected', value: publishing.length },
    {
      name: 'reprise_ingest_bits_per_second',
      help: 'Received from encoders',
      value: total(publishing.map(({ bitsPerSecond }) => bitsPerSecond)),
    },
    {
      name: 'reprise_live_viewers',
      help: 'Viewers of RTMP, HTTP-FLV and WebSocket-FLV',
      value: total(streams.map(({ viewers }) => viewers)),
    },
    {
      name: 'reprise_storage_free_bytes',
      help: 'Free space for recordings',
      value: disk.state?.freeBytes ?? 0,
    },
  ]
}

async function jobSamples(jobs: JobCatalogue): Promise<Sample[]> {
  return (await jobs.count()).map(({ kind, state, jobs: value }) => ({
    name: 'reprise_jobs',
    help: 'Jobs of the pipeline by kind and state',
    labels: { kind, state },
    value,
  }))
}
