/** The pipeline's view of the catalogue in Postgres: planning and finishing. Chunks' lives are in chunks.ts. */
import type { VideoId } from '../kernel/ids.ts'
import type { PipelineCatalogue } from '../pipeline/catalogue.ts'
import { PRIORITY } from '../pipeline/job-kinds.ts'
import { EAGER, type RenditionPolicy } from '../pipeline/rendition-policy.ts'
import { makeBesideCatalogue } from './beside-catalogue.ts'
import { settleVideo } from './chunk-progress.ts'
import { addChunks, chunkFrontier } from './chunk-rows.ts'
import type { Database } from './client.ts'
import { beginEdition, followEdition } from './editions.ts'
import { readPipelineRendition, readPipelineVideo, renditionRows, withSources } from './pipeline-rows.ts'
import type { PostgresJobQueue } from './queue.ts'
import { inTransaction } from './transaction.ts'

/** `site`: what is made beforehand, unless a channel says otherwise. */
export function makePipelineCatalogue(
  database: Database,
  queue: PostgresJobQueue,
  site: RenditionPolicy = EAGER,
): PipelineCatalogue {
  return {
    ...makeBesideCatalogue(database),

    async findVideo(videoId) {
      const row = await database.video.findFirst({
        where: { id: videoId, ...IN_THE_PIPELINE },
        include: withSources,
      })
      return row ? readPipelineVideo(row) : undefined
    },

    async renditions(videoId) {
      const rows = await database.rendition.findMany({ where: { videoId }, orderBy: { id: 'asc' } })
      return rows.map(readPipelineRendition)
    },

    async plan(videoId, step) {
      return inTransaction(database, async (tx) => {
        // Held to the end: plans and completions of one video take turns, so that none misses the other's rows.
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        const { facts = {}, renditions = [], sounds = [], jobs = [] } = step
        if (Object.keys(facts).length > 0) await tx.video.updateMany({ where: { id: videoId }, data: facts })
        if (renditions.length > 0)
          await tx.rendition.createMany({ data: renditionRows(videoId, renditions), skipDuplicates: true })
        for (const { name, label, language = null, channels } of sounds) {
          await tx.rendition.updateMany({ where: { videoId, name }, data: { label, language } })
          // Whoever planned it knows better.
          await tx.rendition.updateMany({ where: { videoId, name, channels: null }, data: { channels } })
        }
        const added = step.chunks ? await addChunks(tx, videoId, step.chunks, site) : undefined
        await queue.sendIn(tx, [...jobs, ...(added?.jobs ?? [])])
        await settleVideo(tx, queue, videoId)
        return added?.frontier ?? (await chunkFrontier(tx, videoId))
      })
    },

    async forgetPlan(videoId) {
      await inTransaction(database, async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM videos WHERE id = ${videoId} FOR UPDATE`
        await tx.rendition.deleteMany({ where: { videoId } })
        await tx.storyboardSheet.deleteMany({ where: { videoId } })
        await tx.video.updateMany({
          where: { id: videoId },
          data: {
            playable: false,
            timelineKind: null,
            timelineComplete: false,
            progress: 0,
            storyboardSheets: 0,
          },
        })
      })
    },

    beginEdition: (videoId) => beginEdition(database, videoId),

    async failVideo(videoId, code, detail) {
      await inTransaction(database, async (tx) => {
        await tx.video.updateMany({
          where: { id: videoId, playable: false, state: { not: 'ready' } },
          data: { state: 'failed', failureCode: code, failureDetail: detail, timelineComplete: true },
        })
        await followEdition(tx, videoId)
      })
    },

    async noteOnVideo(videoId, detail) {
      await database.video.updateMany({
        where: { id: videoId, failureCode: null },
        data: { failureCode: 'source-incomplete', failureDetail: detail },
      })
    },

    async posterMade(videoId, posterName) {
      await inTransaction(database, async (tx) => {
        await tx.video.updateMany({ where: { id: videoId }, data: { hasPoster: true, posterName } })
        await followEdition(tx, videoId)
      })
    },

    async soundMeasured(videoId, loudness) {
      await inTransaction(database, async (tx) => {
        await tx.video.updateMany({
          where: { id: videoId },
          data: { hasWaveform: true, ...(loudness ? { loudness: { ...loudness } } : {}) },
        })
        await followEdition(tx, videoId)
      })
    },

    async finish(videoId, renditions, outcome) {
      await inTransaction(database, async (tx) => {
        for (const {
          name,
          state,
          failure,
          bandwidth,
          averageBandwidth,
          bytes,
          frames,
          likeness,
        } of renditions) {
          await tx.rendition.updateMany({
            where: { videoId, name },
            data: {
              state,
              failure: failure ?? null,
              ...(state === 'ready' ? { evictedAt: null } : {}),
              ...(bandwidth ? { bandwidth } : {}),
              ...(averageBandwidth ? { averageBandwidth } : {}),
              ...(bytes === undefined ? {} : { bytes: BigInt(bytes) }),
              frames: frames ?? null,
              ssim: likeness?.mean ?? null,
              lowestSsim: likeness?.lowest ?? null,
            },
          })
        }
        if (outcome.ready) {
          const data = {
            state: 'ready',
            progress: 100,
            playable: true,
            durationSeconds: outcome.durationSeconds,
          } as const
          await tx.video.updateMany({
            where: { id: videoId, readyAt: null },
            data: { ...data, readyAt: new Date() },
          })
          await tx.video.updateMany({ where: { id: videoId, state: { not: 'ready' } }, data })
        } else {
          await tx.video.updateMany({
            where: { id: videoId },
            data: { state: 'failed', failureCode: outcome.code, failureDetail: outcome.detail },
          })
        }
        await followEdition(tx, videoId)
      })
    },

    async requeueUploads() {
      const lost = await database.$queryRaw<{ id: VideoId }[]>`
        SELECT v.id FROM videos v JOIN uploads u ON u.video_id = coalesce(v.edition_of, v.id)
         WHERE v.deleted_at IS NULL AND v.superseded_at IS NULL AND v.shown_edition IS NULL AND v.state = 'processing' AND NOT v.timeline_complete
           AND NOT EXISTS (SELECT 1 FROM pgboss.job j WHERE j.name = 'process-upload' AND j.data->>'videoId' = v.id AND j.state IN ('created', 'retry', 'active'))`
      await queue.send(
        lost.map(({ id }) => ({
          kind: 'process-upload',
          priority: PRIORITY.upload.lead,
          data: { videoId: id },
        })),
      )
      return lost.length
    },

    async listUnfinished() {
      const rows = await database.video.findMany({
        where: { ...IN_THE_PIPELINE, origin: 'broadcast', state: { in: ['live', 'processing'] } },
        select: { id: true },
        orderBy: { createdAt: 'asc' },
      })
      return rows.map(({ id }) => id as VideoId)
    },
  }
}

/** What is not shown any more is not worked on either. */
const IN_THE_PIPELINE = { deletedAt: null, supersededAt: null, shownEditionId: null } as const
