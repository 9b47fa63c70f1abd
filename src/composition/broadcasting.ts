/** The ingest role: the RTMP port, the recorder, packaging behind it, and broadcasts found open at the start. */
import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { makeBroadcastLedger } from '../database/broadcasts.ts'
import { makeRecordingLedger } from '../database/recordings.ts'
import { LiveHub } from '../ingest/live-hub.ts'
import { RtmpServer } from '../ingest/rtmp-server.ts'
import { RenewedTlsIdentity } from '../ingest/tls-renewal.ts'
import type { BroadcastId, VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import { retryUntilDone } from '../kernel/retry.ts'
import { BroadcastService } from '../library/broadcasts/broadcast-service.ts'
import { LivePackager } from '../library/broadcasts/live-packager.ts'
import { recoverBroadcasts } from '../library/broadcasts/recovery.ts'
import { judgeHealth } from '../library/broadcasts/stream-health.ts'
import { makeLivePlayGate } from '../library/live-play-gate.ts'
import { mediaKeys } from '../media/layout.ts'
import { PackagingThread } from '../packaging/thread/packaging-thread.ts'
import { parseTimeline } from '../packaging/timeline.ts'
import { PRIORITY } from '../pipeline/job-kinds.ts'
import type { DiskWatermarks } from '../recording/disk-watermarks.ts'
import { Recorder } from '../recording/recorder.ts'
import { salvageBroadcast } from '../recording/salvage-broadcast.ts'
import { diskRefusal } from './disk.ts'
import type { Foundation } from './foundation.ts'
import type { Holdings } from './holdings.ts'
import type { OnAirNow } from './ingest-side.ts'

export interface Broadcasting {
  readonly hub: LiveHub
  readonly rtmp: RtmpServer
  readonly broadcasts: BroadcastService
  readonly rtmpPort: number
  readonly disk: DiskWatermarks
  onAir(): readonly BroadcastId[]
  onAirOf(broadcastId: BroadcastId): OnAirNow | undefined
}

export async function startBroadcasting(
  foundation: Foundation,
  { library }: Holdings,
  disk: DiskWatermarks,
  stack: AsyncDisposableStack,
): Promise<Broadcasting> {
  const { config, paths, prisma, store, planner } = foundation
  const log = foundation.log.child({ part: 'broadcasts' })
  const stopping = new AbortController()
  const telling = new Set<Promise<void>>()
  stack.defer(async () => {
    // What is not told by then is found by the next start.
    stopping.abort()
    await Promise.all(telling)
  })
  const parts = makeRecordingLedger(prisma, log)
  stack.defer(() => parts.close())
  const recorder = stack.use(new Recorder({ paths, ledger: parts }))
  const sharesDisk = (await stat(paths.recordings)).dev === (await stat(config.mediaDir)).dev
  const thread = stack.use(
    new PackagingThread(
      () => new Worker(new URL('./packaging-worker.ts', import.meta.url), { workerData: config.mediaDir }),
    ),
  )
  const packager = new LivePackager({
    recorder,
    packageLog: (request) => thread.package(request),
    planner,
    disk: sharesDisk ? disk : undefined,
    log,
  })
  const broadcasts = new BroadcastService({
    ledger: makeBroadcastLedger(prisma),
    recorder: {
      openSession: (session) => recorder.openSession({ ...session, firstPart: 0 }),
    },
    packager,
    // Triggers in the database tell every process of the change.
    audience: { broadcastChanged: () => undefined },
    partsWritten: () => parts.settled(),
    graceMs: config.graceMs,
    takeover: config.takeover,
    maxBroadcasts: config.maxBroadcasts,
    quotaBytes: config.channelQuotaBytes,
    maxBroadcastBytes: config.maxBroadcastBytes,
    diskRefusal: async (asked) => {
      // Space goes and comes faster than it is watched.
      await disk.look().catch((error: unknown) => log.error({ err: error }, 'the disk cannot be measured'))
      // A broadcast that is on air already is the last to suffer.
      return asked === 'begin' || disk.isFull ? diskRefusal(disk) : undefined
    },
    onEnded: ({ videoId, replay }) => {
      const told = retryUntilDone(() => planReplay(foundation, videoId, replay), {
        signal: stopping.signal,
        onRetry: (error) =>
          log.error({ err: error, videoId }, 'the replay could not be planned yet; trying again'),
      }).finally(() => telling.delete(told))
      telling.add(told)
    },
    log,
  })
  await recoverBroadcasts({
    ledger: makeBroadcastLedger(prisma),
    salvage: (broadcastId) =>
      salvageBroadcast(paths, broadcastId, (part, found) => parts.partSalvaged(broadcastId, part, found)),
    isReplayComplete: async (videoId) => {
      const timeline = await store.read(mediaKeys.timeline(videoId))
      return timeline !== undefined && parseTimeline(timeline.toString('utf8')).ended
    },
    broadcasts,
    graceMs: config.graceMs,
    log,
  })
  const { rtmps } = config
  const identity = rtmps && (await RenewedTlsIdentity.open(rtmps))
  if (identity) {
    stack.use(followRenewal(identity, log))
    if (identity.expiresAt.getTime() < Date.now()) {
      log.warn(
        { expiredAt: identity.expiresAt, file: rtmps.certFile },
        'the certificate of RTMPS has expired',
      )
    }
  }
  const hub = new LiveHub({ lingerMs: config.graceMs })
  const rtmp = new RtmpServer({
    host: config.host,
    port: config.rtmpPort,
    ...(rtmps && identity ? { rtmps: { port: rtmps.port, context: () => identity.context } } : {}),
    limits: { maxConnectionsPerAddress: config.maxConnectionsPerAddress },
    gate: broadcasts,
    playGate: makeLivePlayGate(library.channels, library.videos),
    hub,
    logger: foundation.log.child({ part: 'rtmp' }),
  })
  stack.defer(() => hub.close())
  // Last in, first out: encoders are told and their recordings closed while everything below still stands.
  stack.use(rtmp)
  stack.defer(() => broadcasts.drain())
  stack.defer(() => rtmp.move())
  const rtmpPort = await rtmp.listen()

  return {
    hub,
    rtmp,
    broadcasts,
    rtmpPort,
    disk,
    onAir: () => broadcasts.onAir(),
    onAirOf(broadcastId) {
      const live = broadcasts.find(broadcastId)
      if (!live) {
        const unheard = broadcasts.isUnheard(broadcastId)
        return unheard
          ? { unheard, health: null, history: [], recordedBytes: 0, recordedSeconds: 0 }
          : undefined
      }
      const progress = packager.progress(broadcastId)
      const publisher = rtmp
        .snapshot()
        .connections.find(
          (connection) => connection.phase === 'publishing' && connection.streamName === live.handle,
        )
      const health = publisher ? judgeHealth(publisher, progress?.init) : null
      const overQuota = broadcasts.overQuota(broadcastId)
      if (overQuota !== undefined) health?.warnings.push(overQuota)
      return {
        unheard: false,
        health,
        history: publisher?.signal.history ?? [],
        recordedBytes: live.recordedBytes,
        recordedSeconds: progress?.durationSeconds ?? 0,
      }
    },
  }
}

function followRenewal(identity: RenewedTlsIdentity, log: Logger): AsyncDisposable {
  const stop = new AbortController()
  const watched = identity.watch(stop.signal, {
    onRenewed: ({ expiresAt }) => log.info({ expiresAt }, 'the certificate of RTMPS was renewed'),
    onError: (error) => log.warn({ err: error }, 'the renewed certificate of RTMPS cannot be used yet'),
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await watched
    },
  }
}

/** What follows the end of a broadcast; may be done twice. */
async function planReplay(
  { planner, catalogue, queue }: Foundation,
  videoId: VideoId,
  replay: 'complete' | 'empty' | 'unfinished',
): Promise<void> {
  switch (replay) {
    case 'complete':
      return planner.completeTimeline(videoId)
    case 'unfinished':
      return queue.send([{ kind: 'complete-replay', priority: PRIORITY.replay.lead, data: { videoId } }])
    case 'empty':
      return catalogue.failVideo(
        videoId,
        'unplayable-codec',
        'What the encoder sent is recorded, but in a format that cannot be shown yet. Set the encoder to H.264 and AAC.',
      )
  }
}
