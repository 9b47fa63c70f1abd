/** The library, and sign-in with the people of it: for the web and for the command line. */
import path from 'node:path'
import { makeCaptionStore, makePosterStore, makeStoryboardStore } from '../database/beside-store.ts'
import { makeBroadcastArchiveStore } from '../database/broadcast-archive.ts'
import { readChannelStorage } from '../database/channel-storage.ts'
import {
  makeApiTokenStore,
  makeChannelStore,
  makePeopleDirectory,
  makeStreamKeyStore,
} from '../database/people.ts'
import { makeQueuePauses } from '../database/queue-pauses.ts'
import { makeRenditionPolicyStore } from '../database/rendition-policies.ts'
import { uploadPriority } from '../database/upload-turns.ts'
import { makeUploadLedger } from '../database/uploads.ts'
import { makeOwnersOf } from '../database/video-owners.ts'
import { makeVideoStore } from '../database/videos.ts'
import { makeWorkerRegistry } from '../database/workers.ts'
import { People } from '../delivery/auth/people.ts'
import { makeSignIn } from '../delivery/auth/sign-in.ts'
import { deriveKey, openStorageSecret } from '../delivery/auth/storage-secret.ts'
import { makeLibrary } from '../library/library.ts'
import { makePosterMaker } from '../pipeline/poster/poster-maker.ts'
import { probeSource } from '../pipeline/probe.ts'
import type { Foundation } from './foundation.ts'

export type Holdings = Awaited<ReturnType<typeof openLibrary>>

export async function openLibrary(foundation: Foundation, stack: AsyncDisposableStack) {
  const { config, log, prisma, paths, queue, chunks, tools, jobs, store } = foundation
  const secret = await openStorageSecret(path.join(paths.root, 'secret'))
  const videoStore = makeVideoStore(prisma)
  const broadcastStore = makeBroadcastArchiveStore(prisma)
  const library = stack.use(
    makeLibrary({
      people: makePeopleDirectory(prisma),
      apiTokens: makeApiTokenStore(prisma),
      channels: makeChannelStore(prisma),
      streamKeys: makeStreamKeyStore(prisma),
      videos: videoStore,
      broadcasts: broadcastStore,
      uploads: makeUploadLedger(prisma, async (tx, videoId) => {
        const priority = await uploadPriority(tx, videoId)
        await queue.sendIn(tx, [{ kind: 'process-upload', priority, data: { videoId } }])
      }),
      ownersOf: makeOwnersOf(prisma),
      jobs,
      pauses: makeQueuePauses(prisma),
      renditionPolicies: makeRenditionPolicyStore(prisma, config.renditionPolicy, () =>
        chunks.requeueOrphans(),
      ),
      workers: makeWorkerRegistry(prisma),
      captions: makeCaptionStore(prisma),
      storyboards: makeStoryboardStore(prisma),
      posters: makePosterStore(prisma),
      posterMaker: makePosterMaker({
        catalogue: foundation.catalogue,
        store,
        tools,
        storageDir: config.storageDir,
        tmpDir: foundation.tmpDir,
        logger: log.child({ part: 'posters' }),
      }),
      sendJobs: (requests) => queue.send(requests),
      recognisesSpeech: config.speech !== undefined,
      media: store,
      paths,
      probe: (file, signal) => probeSource(tools, file, signal),
      storageOf: async (id) => (await readChannelStorage(prisma, [id])).get(id),
      quotaBytes: config.channelQuotaBytes,
      maxUploadBytes: config.maxUploadBytes,
      minFreeBytes: config.minFreeBytes,
      log: log.child({ part: 'library' }),
    }),
  )
  const signIn = makeSignIn({
    prisma,
    publicUrl: config.publicUrl,
    secret: deriveKey(secret, 'sessions'),
    log: log.child({ part: 'sign-in' }),
  })
  const people = new People({
    signIn,
    directory: library.people,
    channels: library.channels,
    streamKeys: library.streamKeys,
  })
  return {
    library,
    videoStore,
    broadcastStore,
    signIn,
    people,
    mediaKey: deriveKey(secret, 'media'),
  } as const
}
