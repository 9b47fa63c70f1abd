/** Everything HTTP, built from the library and from what ingest, recording and the pipeline offer. */
import type { Express } from 'express'
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { BroadcastArchiveStore } from '../library/broadcast-archive.ts'
import type { CatalogueChanges } from '../library/catalogue-changes.ts'
import type { Library } from '../library/library.ts'
import type { VideoStore } from '../library/video-store.ts'
import type { StoragePaths } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { TimelineCache } from '../packaging/timeline-cache.ts'
import { apiTokenRoutes } from './api/api-tokens.ts'
import { type BroadcastRoutesOptions, broadcastRoutes } from './api/broadcasts.ts'
import { captionRoutes } from './api/captions.ts'
import { eventRoutes } from './api/events.ts'
import { jobRoutes } from './api/jobs.ts'
import { meRoutes } from './api/me.ts'
import { posterRoutes } from './api/posters.ts'
import { renditionPolicyRoutes } from './api/rendition-policies.ts'
import { streamKeyRoutes } from './api/stream-keys.ts'
import { makeTusUploads } from './api/tus-uploads.ts'
import { uploadRoutes } from './api/uploads.ts'
import { userRoutes } from './api/users.ts'
import { videoRoutes } from './api/videos.ts'
import { workerRoutes } from './api/workers.ts'
import { makeApp } from './app.ts'
import { makeAskerOf } from './auth/asker.ts'
import { People } from './auth/people.ts'
import type { SignIn } from './auth/sign-in.ts'
import { makeClientAddresses } from './client-address.ts'
import { EventsHub } from './events-hub.ts'
import { type HealthChecks, healthRoutes } from './health.ts'
import { followJobs } from './job-news.ts'
import { makeFindLive } from './live/find-live.ts'
import { LivePlaces } from './live/live-places.ts'
import { type LiveRoutesOptions, liveRoutes } from './live/live-routes.ts'
import { LiveSockets, type LiveSocketsOptions } from './live/live-sockets.ts'
import { type BudgetLimits, EncodeBudget } from './media/encode-budget.ts'
import type { FindKeyframes } from './media/i-frames.ts'
import { type MediaRoutesOptions, mediaRoutes } from './media/media-routes.ts'
import { MediaTokens } from './media/media-token.ts'
import { makePlaylists } from './media/playlists.ts'
import { SegmentCache } from './media/segment-cache.ts'
import { MAX_BUFFERED_BYTES, makeMediaSender } from './media/send-media.ts'
import { VideoFacts } from './media/video-facts.ts'
import { ViewNotes } from './media/view-notes.ts'
import { WaitingRoom } from './media/waiting-room.ts'
import { makeMetrics, type SampleSource } from './metrics.ts'
import type { Upgrades } from './server.ts'
import { siteRoutes } from './site/site-routes.ts'
import { makeShowBroadcast, type OnAirOf } from './wire-broadcast.ts'
import { makeShowVideo } from './wire-video.ts'

export interface DeliveryOptions {
  readonly publicUrl: string
  /** Whose X-Forwarded-For is believed: client-address.ts. */
  readonly trustedProxies: readonly string[]
  /** What Prometheus must show to see /metrics; undefined: only machines of our own networks see them. */
  readonly metricsToken: string | undefined
  /** rtmp://host:1935/live */
  readonly publishServer: string
  /** rtmps://host:1936/live; without it RTMPS is off. */
  readonly securePublishServer?: string | undefined
  readonly version: string
  /** Absolute: web/dist. */
  readonly webDir: string
  readonly segmentWaitMs: number
  readonly demandPerHour: BudgetLimits
  /** Somebody watches this rung; told once in a while. */
  readonly noteView: (videoId: VideoId, rendition: string) => Promise<void>
  /** auth/storage-secret.ts `deriveKey(secret, 'media')`. */
  readonly mediaKey: Uint8Array
  readonly signIn: SignIn
  readonly library: Library
  readonly videoStore: VideoStore
  readonly broadcastStore: BroadcastArchiveStore
  readonly changes: CatalogueChanges
  readonly media: MediaStore
  readonly paths: StoragePaths
  readonly demandSegment: MediaRoutesOptions['demandSegment']
  readonly findKeyframes: FindKeyframes
  readonly onAirOf: OnAirOf
  readonly endBroadcast: BroadcastRoutesOptions['endBroadcast']
  readonly openRecording: BroadcastRoutesOptions['openRecording']
  readonly streamFlv: LiveRoutesOptions['streamFlv']
  readonly isStreaming: LiveSocketsOptions['isStreaming']
  /** Who watches live over HTTP and WebSocket from one address, at once; 0: no limit. */
  readonly maxLiveViewersPerAddress: number
  readonly checks: HealthChecks
  readonly samples: readonly SampleSource[]
  readonly log: Logger
}

export interface Delivery extends AsyncDisposable {
  readonly app: Express
  readonly upgrades: Upgrades
  /** At start, after the library's: completes resumable uploads that a crash cut off. */
  recover(): Promise<void>
  /** Ends what would never end by itself. */
  endStreams(): Promise<void>
}

/** Bytes of segments kept in memory. */
const HOT_SEGMENT_BYTES = 64 * 1024 * 1024

export function makeDelivery(options: DeliveryOptions): Delivery {
  const { library, signIn, log, changes, videoStore } = options
  const { videos, channels, people } = library
  const askerOf = makeAskerOf(signIn, library.apiTokens)
  const tokens = new MediaTokens(options.mediaKey)
  const addresses = makeClientAddresses(options.trustedProxies)
  const showVideo = makeShowVideo(tokens)
  const showBroadcast = makeShowBroadcast(options.onAirOf)
  const facts = new VideoFacts(videoStore, changes)
  const cache = new SegmentCache(HOT_SEGMENT_BYTES, MAX_BUFFERED_BYTES)
  const timelines = new TimelineCache(options.media)
  const waitingRoom = new WaitingRoom()
  const hub = new EventsHub({
    changes,
    videos: videoStore,
    broadcasts: options.broadcastStore,
    showVideo,
    showBroadcast,
    log,
  })
  const jobNews = followJobs({ jobs: library.jobs, hub, log })
  const findLive = makeFindLive(channels, videos, askerOf)
  const places = new LivePlaces(options.maxLiveViewersPerAddress)
  const { publicUrl, isStreaming, streamFlv } = options
  const sockets = new LiveSockets({ publicUrl, addresses, findLive, places, isStreaming, streamFlv, log })
  const uploading = { uploads: library.uploads, directory: people, videos, showVideo }
  const tus = makeTusUploads({ ...uploading, uploadsDir: options.paths.uploads, log })
  const metrics = makeMetrics(
    [
      ...options.samples,
      () => [
        {
          name: 'reprise_http_live_viewers',
          help: 'Viewers of HTTP-FLV and WebSocket-FLV',
          value: places.taken,
        },
        { name: 'reprise_http_event_listeners', help: 'Open event streams', value: hub.size },
        {
          name: 'reprise_http_segments_waited_for',
          help: 'Requests waiting for a segment to be made',
          value: waitingRoom.waiting,
        },
        { name: 'reprise_http_hot_segment_bytes', help: 'Segments kept in memory', value: cache.bytes },
      ],
    ],
    { token: options.metricsToken, addresses },
    log,
  )
  const app = makeApp({
    publicUrl: options.publicUrl,
    trustedProxies: options.trustedProxies,
    addresses,
    version: options.version,
    signIn,
    askerOf,
    routes: [
      ...meRoutes(people, channels),
      ...apiTokenRoutes(library.apiTokens),
      ...streamKeyRoutes({
        streamKeys: library.streamKeys,
        channels,
        directory: people,
        publishServer: options.publishServer,
        securePublishServer: options.securePublishServer,
      }),
      ...userRoutes({
        directory: people,
        channels,
        people: new People({ signIn, directory: people, channels, streamKeys: library.streamKeys }),
      }),
      ...broadcastRoutes({
        archive: library.broadcasts,
        show: showBroadcast,
        onAirOf: options.onAirOf,
        endBroadcast: options.endBroadcast,
        openRecording: options.openRecording,
      }),
      ...videoRoutes({
        videos,
        show: showVideo,
        jobs: library.jobs,
        endBroadcast: options.endBroadcast,
      }),
      ...captionRoutes(library.captions, videos, showVideo),
      ...posterRoutes({
        posters: library.posters,
        videos,
        storyboards: library.storyboards,
        show: showVideo,
      }),
      ...uploadRoutes(uploading),
      ...tus.routes,
      ...jobRoutes(library.jobs),
      ...renditionPolicyRoutes(library.renditionPolicies),
      ...workerRoutes(library.workers),
      ...eventRoutes(hub),
    ],
    media: mediaRoutes({
      tokens,
      addresses,
      facts,
      playlists: makePlaylists(timelines, options.findKeyframes),
      timelines,
      captions: library.captionStore,
      storyboards: library.storyboards,
      sender: makeMediaSender(options.media, cache),
      waitingRoom,
      budget: new EncodeBudget(options.demandPerHour),
      views: new ViewNotes(options.noteView),
      demandSegment: options.demandSegment,
      segmentWaitMs: options.segmentWaitMs,
    }),
    live: liveRoutes({ findLive, addresses, places, showVideo, streamFlv }),
    health: healthRoutes(options.checks),
    metrics,
    site: siteRoutes({ dir: options.webDir, publicUrl: options.publicUrl, videos, showVideo }),
    log,
  })
  return {
    app,
    upgrades: sockets,
    recover: () => tus.recover(),
    async endStreams() {
      places.close()
      await hub[Symbol.asyncDispose]()
    },
    async [Symbol.asyncDispose]() {
      places.close()
      sockets[Symbol.dispose]()
      await jobNews[Symbol.asyncDispose]()
      await hub[Symbol.asyncDispose]()
      await tus[Symbol.asyncDispose]()
      facts[Symbol.dispose]()
    },
  }
}
