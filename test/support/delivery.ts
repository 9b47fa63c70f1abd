/**
 * The whole of delivery over a real database and a real file store, listening on a port of its own; only
 * what other rooms offer (jobs, demand, live output, the probe) is played by the test.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { makeCaptionStore, makePosterStore, makeStoryboardStore } from '../../src/database/beside-store.ts'
import { makeBroadcastArchiveStore } from '../../src/database/broadcast-archive.ts'
import { PostgresCatalogueChanges } from '../../src/database/catalogue-changes.ts'
import { readChannelStorage } from '../../src/database/channel-storage.ts'
import { makeFindKeyframes } from '../../src/database/chunk-keyframes.ts'
import {
  makeApiTokenStore,
  makeChannelStore,
  makePeopleDirectory,
  makeStreamKeyStore,
} from '../../src/database/people.ts'
import { makeQueuePauses } from '../../src/database/queue-pauses.ts'
import { makeRenditionPolicyStore } from '../../src/database/rendition-policies.ts'
import { makeUploadLedger } from '../../src/database/uploads.ts'
import { makeOwnersOf } from '../../src/database/video-owners.ts'
import { makeVideoStore } from '../../src/database/videos.ts'
import { makeWorkerRegistry } from '../../src/database/workers.ts'
import { People } from '../../src/delivery/auth/people.ts'
import { makeSignIn } from '../../src/delivery/auth/sign-in.ts'
import { deriveKey, openStorageSecret } from '../../src/delivery/auth/storage-secret.ts'
import { type Delivery, type DeliveryOptions, makeDelivery } from '../../src/delivery/delivery.ts'
import { startWebServer } from '../../src/delivery/server.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { newVideoId, type UserId, type VideoId } from '../../src/kernel/ids.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { type Library, makeLibrary } from '../../src/library/library.ts'
import type { PersonRole } from '../../src/library/permissions.ts'
import type { SourceProbe } from '../../src/library/uploads.ts'
import { FileStore } from '../../src/media/file-store.ts'
import { makeStoragePaths, mediaKeys, type StoragePaths } from '../../src/media/layout.ts'
import type { MediaStore } from '../../src/media/store.ts'
import type { JobCatalogue, JobRecord } from '../../src/pipeline/job-catalogue.ts'
import type { JobRequest } from '../../src/pipeline/job-kinds.ts'
import type { PosterMaker } from '../../src/pipeline/poster/poster-maker.ts'
import { EAGER } from '../../src/pipeline/rendition-policy.ts'
import type { SourceMedia } from '../../src/pipeline/source.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'

export const PASSWORD = 'correct horse battery'
export const MAX_LIVE_VIEWERS = 5

export interface TestPerson {
  readonly userId: UserId
  readonly email: string
  /** `Authorization` header. */
  readonly auth: { readonly authorization: string }
}

export interface TestSite extends AsyncDisposable {
  readonly base: string
  readonly database: TestDatabase
  readonly library: Library
  readonly delivery: Delivery
  readonly people: People
  readonly media: MediaStore
  readonly paths: StoragePaths
  readonly jobs: JobRecord[]
  readonly cancelledVideos: VideoId[]
  readonly enqueued: VideoId[]
  /** Rungs that were said to be watched. */
  readonly views: string[]
  /** Jobs asked for by the library. */
  readonly sent: JobRequest[]
  /** Replaceable by the test. */
  readonly parts: {
    probe: SourceProbe
    posterMaker: PosterMaker
    demandSegment: DeliveryOptions['demandSegment']
    streamFlv: DeliveryOptions['streamFlv']
    isStreaming: DeliveryOptions['isStreaming']
    onAirOf: DeliveryOptions['onAirOf']
    endBroadcast: DeliveryOptions['endBroadcast']
    databaseCheck: () => Promise<string | undefined>
  }
  fetch(path: string, init?: RequestInit & { readonly as?: TestPerson }): Promise<Response>
  person(role: PersonRole, name?: string): Promise<TestPerson>
  video(owner: TestPerson, data?: Record<string, unknown>): Promise<VideoId>
}

export const SOURCE: SourceMedia = {
  container: 'mov,mp4,m4a,3gp,3g2,mj2',
  durationSeconds: 10,
  startSeconds: 0,
  video: {
    index: 0,
    codec: 'h264',
    profile: 'High',
    pixelFormat: 'yuv420p',
    codedWidth: 640,
    codedHeight: 360,
    sampleAspect: 1,
    rotation: 0,
    width: 640,
    height: 360,
    frameRate: 30,
    averageFrameRate: 30,
    variableFrameRate: false,
    interlaced: false,
    transfer: '',
    primaries: '',
    matrix: '',
    hdr: false,
  },
  audio: [],
}

export async function startTestSite(
  options: {
    readonly maxUploadBytes?: number
    readonly minFreeBytes?: number
    readonly demandPerHour?: DeliveryOptions['demandPerHour']
    readonly quotaBytes?: number
    readonly webDir?: string
    readonly recognisesSpeech?: boolean
  } = {},
): Promise<TestSite> {
  const log = makeLogger('silent')
  await using starting = new AsyncDisposableStack()
  const dir = await mkdtemp(path.join(tmpdir(), 'reprise-site-'))
  starting.defer(() => rm(dir, { recursive: true, force: true }))
  const database = starting.use(await createTestDatabase())
  const { prisma } = database
  const paths = makeStoragePaths(dir)
  const media = new FileStore(path.join(dir, 'media'))
  const changes = starting.use(new PostgresCatalogueChanges(database.url, log))
  await changes.ready()
  const jobs: JobRecord[] = []
  const cancelledVideos: VideoId[] = []
  const enqueued: VideoId[] = []
  const views: string[] = []
  const sent: JobRequest[] = []
  const parts: TestSite['parts'] = {
    probe: async () => ({ isVideo: true, media: SOURCE }),
    posterMaker: fakePosterMaker(media),
    demandSegment: async () => {
      throw new AppError('not-ready', 'This part is being made.')
    },
    streamFlv: async (_name: string, out: Writable) => out.end(),
    isStreaming: () => true,
    onAirOf: () => undefined,
    endBroadcast: async () => false,
    databaseCheck: async () => undefined,
  }
  const library = starting.use(
    makeLibrary({
      people: makePeopleDirectory(prisma),
      apiTokens: makeApiTokenStore(prisma),
      channels: makeChannelStore(prisma),
      streamKeys: makeStreamKeyStore(prisma),
      videos: makeVideoStore(prisma),
      broadcasts: makeBroadcastArchiveStore(prisma),
      uploads: makeUploadLedger(prisma, async (_tx, videoId) => {
        enqueued.push(videoId)
      }),
      ownersOf: makeOwnersOf(prisma),
      jobs: fakeJobs(jobs, cancelledVideos),
      pauses: makeQueuePauses(prisma),
      renditionPolicies: makeRenditionPolicyStore(prisma, EAGER, async () => undefined),
      workers: makeWorkerRegistry(prisma),
      captions: makeCaptionStore(prisma),
      storyboards: makeStoryboardStore(prisma),
      posters: makePosterStore(prisma),
      posterMaker: {
        fromVideo: (...args) => parts.posterMaker.fromVideo(...args),
        fromPicture: (...args) => parts.posterMaker.fromPicture(...args),
        store: (...args) => parts.posterMaker.store(...args),
      },
      sendJobs: async (requests) => {
        sent.push(...requests)
      },
      recognisesSpeech: options.recognisesSpeech ?? false,
      media,
      paths,
      probe: (file, signal) => parts.probe(file, signal),
      storageOf: async (id) => (await readChannelStorage(prisma, [id])).get(id),
      quotaBytes: options.quotaBytes ?? 0,
      maxUploadBytes: options.maxUploadBytes ?? 64 * 2 ** 20,
      minFreeBytes: options.minFreeBytes ?? 0,
      log,
    }),
  )
  const secret = await openStorageSecret(paths.secret)
  const signIn = makeSignIn({
    prisma,
    publicUrl: 'http://site.example',
    secret: deriveKey(secret, 'sessions'),
    log,
  })
  const people = new People({
    signIn,
    directory: library.people,
    channels: library.channels,
    streamKeys: library.streamKeys,
  })
  await library.recover()
  const delivery = starting.use(
    makeDelivery({
      publicUrl: 'http://site.example',
      trustedProxies: [],
      metricsToken: undefined,
      publishServer: 'rtmp://site.example:1935/live',
      version: '0.0.0',
      webDir: options.webDir ?? path.join(dir, 'web'),
      segmentWaitMs: 5000,
      demandPerHour: options.demandPerHour ?? { ofAddress: 36_000, ofAll: 360_000 },
      noteView: async (videoId, rendition) => {
        views.push(`${videoId}/${rendition}`)
      },
      mediaKey: deriveKey(secret, 'media'),
      signIn,
      library,
      videoStore: makeVideoStore(prisma),
      broadcastStore: makeBroadcastArchiveStore(prisma),
      changes,
      media,
      paths,
      demandSegment: (...args) => parts.demandSegment(...args),
      findKeyframes: makeFindKeyframes(prisma),
      onAirOf: (id) => parts.onAirOf(id),
      endBroadcast: (id) => parts.endBroadcast(id),
      openRecording: async () => Readable.from([Buffer.from('FLV')]),
      streamFlv: (...args) => parts.streamFlv(...args),
      isStreaming: (name) => parts.isStreaming(name),
      maxLiveViewersPerAddress: MAX_LIVE_VIEWERS,
      checks: {
        database: () => parts.databaseCheck(),
        disk: async () => undefined,
        ffmpeg: async () => '5.1',
        queue: async () => undefined,
      },
      samples: [() => [{ name: 'reprise_test_sample', help: 'A test', labels: { kind: 'x' }, value: 7 }]],
      log,
    }),
  )
  await delivery.recover()
  const server = starting.use(
    await startWebServer(delivery.app, {
      host: '127.0.0.1',
      port: 0,
      upgrades: delivery.upgrades,
      endStreams: () => delivery.endStreams(),
    }),
  )
  const base = `http://127.0.0.1:${server.port}`
  const started = starting.move()
  let made = 0
  return {
    base,
    database,
    library,
    delivery,
    people,
    media,
    paths,
    jobs,
    cancelledVideos,
    enqueued,
    views,
    sent,
    parts,
    fetch: (url, { as, headers, ...init } = {}) =>
      fetch(`${base}${url}`, {
        redirect: 'manual',
        ...init,
        headers: { ...as?.auth, ...(headers as Record<string, string>) },
      }),
    async person(role, name = role) {
      made += 1
      const email = `person-${made}@example.org`
      const { id } = await people.create({ email, name, password: PASSWORD, role })
      const { token } = await library.apiTokens.create(id, { label: 'test' })
      return { userId: id, email, auth: { authorization: `Bearer ${token}` } }
    },
    async video(owner, data = {}) {
      const channel = await library.channels.ensure(owner.userId, 'somebody')
      const id = newVideoId()
      await prisma.video.create({
        data: {
          id,
          channelId: channel.id,
          origin: 'upload',
          title: `Video ${id}`,
          state: 'ready',
          playable: true,
          ...data,
        },
      })
      return id
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

export async function jsonOf(
  response: Response,
): Promise<Record<string, never> & { readonly [name: string]: unknown }> {
  return (await response.json()) as never
}

/** The picture of the moment as words. */
function fakePosterMaker(media: MediaStore): PosterMaker {
  return {
    fromVideo: async (_id, seconds) => Buffer.from(seconds === undefined ? 'the best' : `at ${seconds}`),
    fromPicture: async (bytes) => Buffer.from(`of ${bytes.byteLength} bytes`),
    async store(mediaId, jpeg) {
      const name = createHash('sha256').update(jpeg).digest('hex').slice(0, 16)
      await media.put(mediaKeys.posterPicture(mediaId, name, 'page'), jpeg)
      await media.put(mediaKeys.posterPicture(mediaId, name, 'card'), jpeg)
      return name
    },
  }
}

function fakeJobs(jobs: JobRecord[], cancelledVideos: VideoId[]): JobCatalogue {
  return {
    list: async ({ videoId }) => ({
      items: jobs.filter((job) => videoId === undefined || job.videoId === videoId),
      nextCursor: null,
    }),
    count: async () => [],
    find: async (id) => jobs.find((job) => job.id === id),
    running: async () => jobs.filter(({ state }) => state === 'running'),
    retry: async (id) => {
      const i = jobs.findIndex((job) => job.id === id)
      const job = jobs[i]
      if (job?.state !== 'failed') throw new AppError('conflict', 'Only a failed job can be run again.')
      jobs[i] = { ...job, state: 'waiting' }
    },
    cancel: async () => {},
    cancelAll: async (videoId) => {
      cancelledVideos.push(videoId)
      return false
    },
  }
}
