/**
 * Rows of chunks as they are planned. Within a transaction that holds the video's row, so that the rows
 * of a video are added one after the other, whoever adds them.
 */
import { newId, type VideoId } from '../kernel/ids.ts'
import type { ChunkStep } from '../pipeline/catalogue.ts'
import { type ChunkFrontier, type ChunkRange, frontierAfter, NO_CHUNKS } from '../pipeline/chunk-plan.ts'
import type { JobRequest } from '../pipeline/job-kinds.ts'
import type { RenditionSettings } from '../pipeline/ladder.ts'
import { leadRenditions } from '../pipeline/plan-renditions.ts'
import type { RenditionPolicy } from '../pipeline/rendition-policy.ts'
import type { Prisma } from './generated/client.ts'
import { policyOf } from './rendition-policies.ts'

const ROWS_AT_ONCE = 500

/** Where the video's chunks end. */
export async function chunkFrontier(tx: Prisma.TransactionClient, videoId: VideoId): Promise<ChunkFrontier> {
  const last = await tx.chunk.findFirst({
    where: { videoId },
    orderBy: { index: 'desc' },
    select: { index: true, firstSegment: true, segmentCount: true },
  })
  return last ? { nextIndex: last.index + 1, nextSegment: last.firstSegment + last.segmentCount } : NO_CHUNKS
}

export interface AddedChunks {
  readonly frontier: ChunkFrontier
  /** Of every range that has got a row. */
  readonly jobs: readonly JobRequest[]
}

export async function addChunks(
  tx: Prisma.TransactionClient,
  videoId: VideoId,
  step: ChunkStep,
  site: RenditionPolicy,
): Promise<AddedChunks> {
  const from = await chunkFrontier(tx, videoId)
  const renditions = await tx.rendition.findMany({
    where: { videoId, state: { not: 'failed' } },
    orderBy: { id: 'asc' },
    select: { id: true, name: true, settings: true },
  })
  const encoded = renditions.filter(({ settings }) => settings !== null).map(({ id }) => id)
  if (encoded.length === 0) return { frontier: from, jobs: [] }
  const closed = step.cut(from)
  const fresh = closed.flatMap((range) => encoded.map((renditionId) => ({ renditionId, range })))
  const missing = step.fill ? await missingRows(tx, videoId, encoded) : []
  const leads = new Set(
    leadRenditions(
      renditions.map(({ name, settings }) =>
        settings === null ? { name } : { name, settings: settings as unknown as RenditionSettings },
      ),
    ),
  )
  const leading = new Set(renditions.filter(({ name }) => leads.has(name)).map(({ id }) => id))
  const { lazy } = await policyOf(tx, videoId, site)
  const rows = [...missing, ...fresh].map(({ renditionId, range }) => ({
    id: newId(),
    videoId,
    renditionId,
    lead: leading.has(renditionId),
    state: lazy && !leading.has(renditionId) ? ('deferred' as const) : ('waiting' as const),
    ...range,
  }))
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
    await tx.chunk.createMany({ data: rows.slice(at, at + ROWS_AT_ONCE) })
  const touched = new Map([...missing, ...fresh].map(({ range }) => [range.index, range]))
  const jobs = [...touched.values()].flatMap(step.jobsOf)
  return {
    frontier: frontierAfter(closed, from),
    jobs: lazy ? jobs.filter((job) => !isOfRest(job, leads)) : jobs,
  }
}

function isOfRest(job: JobRequest, leads: ReadonlySet<string>): boolean {
  return job.kind === 'encode-chunk' && !job.data.renditions.some((name) => leads.has(name))
}

/** What single renditions lack of the ranges that others have. */
async function missingRows(
  tx: Prisma.TransactionClient,
  videoId: VideoId,
  renditionIds: readonly string[],
): Promise<readonly { renditionId: string; range: ChunkRange }[]> {
  const rows = await tx.chunk.findMany({
    where: { videoId },
    orderBy: { index: 'asc' },
    select: {
      renditionId: true,
      index: true,
      firstSegment: true,
      segmentCount: true,
      startSeconds: true,
      durationSeconds: true,
    },
  })
  const ranges = new Map(rows.map(({ renditionId: _, ...range }) => [range.index, range]))
  const present = new Set(rows.map(({ renditionId, index }) => `${renditionId} ${index}`))
  return [...ranges.values()].flatMap((range) =>
    renditionIds
      .filter((id) => !present.has(`${id} ${range.index}`))
      .map((renditionId) => ({ renditionId, range })),
  )
}
