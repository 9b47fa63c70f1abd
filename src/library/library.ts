/** The library's services, built from the ports that the database and the stages upstream implement. */
import { setTimeout as delay } from 'node:timers/promises'
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { StoragePaths } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { LEASE_MS } from '../pipeline/chunk-states.ts'
import type { JobCatalogue } from '../pipeline/job-catalogue.ts'
import type { JobRequest } from '../pipeline/job-kinds.ts'
import type { PosterMaker } from '../pipeline/poster/poster-maker.ts'
import type { QueuePauses } from '../pipeline/queue-pauses.ts'
import type { WorkerRegistry } from '../pipeline/worker-registry.ts'
import { type ApiTokenStore, ApiTokens } from './api-tokens.ts'
import { BroadcastArchive, type BroadcastArchiveStore } from './broadcast-archive.ts'
import type { CaptionStore } from './captions/caption-store.ts'
import { Captions } from './captions/captions.ts'
import { type ChannelStore, Channels } from './channels.ts'
import { Jobs, type OwnersOf } from './jobs.ts'
import type { PeopleDirectory } from './people.ts'
import { type PosterStore, Posters } from './posters.ts'
import { RenditionPolicies, type RenditionPolicyStore } from './rendition-policies.ts'
import type { StoryboardStore } from './storyboards.ts'
import { type StreamKeyStore, StreamKeys } from './stream-keys.ts'
import { type SourceProbe, type UploadLedger, Uploads, type UploadsOptions } from './uploads.ts'
import { VideoRemoval } from './video-removal.ts'
import type { VideoStore } from './video-store.ts'
import { Videos } from './videos.ts'
import { Workers } from './workers.ts'

export interface LibraryOptions {
  readonly people: PeopleDirectory
  readonly apiTokens: ApiTokenStore
  readonly channels: ChannelStore
  readonly streamKeys: StreamKeyStore
  readonly videos: VideoStore
  readonly broadcasts: BroadcastArchiveStore
  readonly uploads: UploadLedger
  readonly ownersOf: OwnersOf
  readonly jobs: JobCatalogue
  readonly pauses: QueuePauses
  readonly renditionPolicies: RenditionPolicyStore
  readonly workers: WorkerRegistry
  readonly captions: CaptionStore
  readonly storyboards: StoryboardStore
  readonly posters: PosterStore
  readonly posterMaker: PosterMaker
  readonly sendJobs: (jobs: readonly JobRequest[]) => Promise<void>
  /** A program for speech is set. */
  readonly recognisesSpeech: boolean
  readonly media: MediaStore
  readonly paths: StoragePaths
  readonly probe: SourceProbe
  readonly storageOf: UploadsOptions['storageOf']
  /** Of a channel without a quota of its own; 0: no limit. */
  readonly quotaBytes: number
  readonly maxUploadBytes: number
  readonly minFreeBytes: number
  readonly log: Logger
}

export interface Library extends AsyncDisposable {
  readonly people: PeopleDirectory
  readonly apiTokens: ApiTokens
  readonly channels: Channels
  readonly streamKeys: StreamKeys
  readonly videos: Videos
  readonly broadcasts: BroadcastArchive
  readonly uploads: Uploads
  readonly captions: Captions
  readonly captionStore: CaptionStore
  readonly posters: Posters
  readonly storyboards: StoryboardStore
  readonly jobs: Jobs
  readonly renditionPolicies: RenditionPolicies
  readonly workers: Workers
  /** Removes what earlier runs left: cut-off uploads and the files of deleted videos. Before requests are taken. */
  recover(): Promise<void>
}

export function makeLibrary(options: LibraryOptions): Library {
  const { media, paths, log } = options
  const channels = new Channels(options.channels)
  const removal = new VideoRemoval({
    store: options.videos,
    media,
    paths,
    stopJobs: (id, signal) => stopJobs(options.jobs, id, signal),
    log,
  })
  const videos = new Videos(options.videos, removal)
  const uploads = new Uploads({
    ledger: options.uploads,
    channels,
    probe: options.probe,
    storageOf: options.storageOf,
    quotaBytes: options.quotaBytes,
    paths,
    maxUploadBytes: options.maxUploadBytes,
    minFreeBytes: options.minFreeBytes,
    log,
  })
  return {
    people: options.people,
    apiTokens: new ApiTokens(options.apiTokens),
    channels,
    streamKeys: new StreamKeys(options.streamKeys),
    videos,
    captions: new Captions({
      videos,
      store: options.captions,
      jobs: options.jobs,
      send: options.sendJobs,
      recognisesSpeech: options.recognisesSpeech,
    }),
    captionStore: options.captions,
    posters: new Posters({ videos, store: options.posters, maker: options.posterMaker }),
    storyboards: options.storyboards,
    broadcasts: new BroadcastArchive(options.broadcasts),
    uploads,
    jobs: new Jobs(options.jobs, options.ownersOf, options.pauses),
    renditionPolicies: new RenditionPolicies(options.renditionPolicies),
    workers: new Workers(options.workers),
    async recover() {
      await uploads.sweep()
      removal.begin()
    },
    [Symbol.asyncDispose]: () => removal[Symbol.asyncDispose](),
  }
}

/** A worker that held a part of it finds out when it renews its lease, and writes nothing after that. */
async function stopJobs(jobs: JobCatalogue, videoId: VideoId, signal: AbortSignal): Promise<void> {
  if (await jobs.cancelAll(videoId)) await delay(LEASE_MS, undefined, { signal })
}
