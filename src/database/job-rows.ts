/** The rows behind jobs: chunks, and of pg-boss's table every kind but the turns of encoders (docs/decisions/0017). */
import type { UserId, VideoId } from '../kernel/ids.ts'
import type { JobRecord, JobState } from '../pipeline/job-catalogue.ts'
import { ALL_JOB_KINDS, type JobKind } from '../pipeline/job-kinds.ts'
import type { Database } from './client.ts'
import { TIER, TIER_PRIORITIES } from './encode-order.ts'
import { Prisma } from './generated/client.ts'

export const CANCELLED = 'It was cancelled.'
/** Parts that were not tried, since another of their quality could not be made. */
export const GIVEN_UP_WITH_ANOTHER = 'Another part of this quality could not be made.'

const LISTED: readonly JobKind[] = ALL_JOB_KINDS.filter((kind) => kind !== 'encode-chunk')

/** What a job shows beside its state is the same whichever table it is from. */
export interface JobRow {
  readonly id: string
  readonly kind: JobKind
  readonly of: 'chunk' | 'queue'
  readonly video_id: VideoId | null
  readonly title: string | null
  readonly state: JobState
  /** Of chunks: the tier. */
  readonly priority: number
  readonly attempts: number
  readonly reason: string | null
  readonly log: string | null
  readonly created_on: Date
  /** To the microsecond, for cursors. */
  readonly created_text: string
  readonly started_on: Date | null
  readonly completed_on: Date | null
  /** It is tried again then. */
  readonly retry_at: Date | null
  readonly renditions: readonly string[] | null
  readonly index: number | null
  readonly lead: boolean | null
  readonly start_seconds: number | null
  readonly duration_seconds: number | null
  readonly progress: number | null
  readonly speed: number | null
}

export interface JobFilter {
  readonly id?: string
  readonly ownerId?: UserId
  readonly videoId?: VideoId
  readonly states?: readonly JobState[]
  readonly before?: { readonly createdAt: string; readonly id: string }
  readonly limit: number
}

/** Of a chunk `k`. */
export const CHUNK_STATE = Prisma.sql`
  CASE k.state WHEN 'waiting' THEN CASE WHEN k.attempts > 0 THEN 'retrying' ELSE 'waiting' END
               WHEN 'encoding' THEN 'running' WHEN 'ready' THEN 'done'
               ELSE CASE WHEN k.failure IN (${CANCELLED}, ${GIVEN_UP_WITH_ANOTHER}) THEN 'cancelled' ELSE 'failed' END END`
const QUEUE_STATE = Prisma.sql`
  CASE j.state::text WHEN 'created' THEN 'waiting' WHEN 'active' THEN 'running' WHEN 'retry' THEN 'retrying'
                     WHEN 'completed' THEN 'done' ELSE j.state::text END`
/** The states of rows that can be in a state of jobs: what the indexes know. */
const CHUNK_STATES_OF: Readonly<Record<JobState, string>> = {
  waiting: 'waiting',
  retrying: 'waiting',
  running: 'encoding',
  done: 'ready',
  failed: 'failed',
  cancelled: 'failed',
}

/** Newest first. */
export async function selectJobs(database: Database, filter: JobFilter): Promise<readonly JobRow[]> {
  const { limit } = filter
  return database.$queryRaw<JobRow[]>`
    (SELECT k.id, 'encode-chunk' AS kind, 'chunk' AS of, k.video_id, v.title, ${CHUNK_STATE} AS state, ${TIER} AS priority,
            k.attempts, k.failure AS reason, k.log, k.created_at AS created_on, k.created_at::text AS created_text,
            k.started_at AS started_on, CASE WHEN k.state IN ('ready', 'failed') THEN k.updated_at END AS completed_on,
            CASE WHEN k.state = 'waiting' AND k.retry_at > now() THEN k.retry_at END AS retry_at,
            ARRAY[r.name] AS renditions, k.index, k.lead, k.start_seconds, k.duration_seconds, k.progress, k.speed
       FROM chunks k JOIN videos v ON v.id = k.video_id JOIN renditions r ON r.id = k.rendition_id
      WHERE k.state <> 'deferred' AND ${conditions(filter, 'chunk')}
      ORDER BY k.created_at DESC, k.id DESC LIMIT ${limit}::int)
    UNION ALL
    (SELECT j.id::text, j.name, 'queue', j.data->>'videoId', v.title, ${QUEUE_STATE}, j.priority,
            j.retry_count + CASE WHEN j.state IN ('created', 'retry') THEN 0 ELSE 1 END, j.output->>'message', j.output->>'log',
            j.created_on, j.created_on::text, j.started_on, j.completed_on, CASE WHEN j.state = 'retry' THEN j.start_after END,
            CASE WHEN j.data ? 'renditions' THEN ARRAY(SELECT jsonb_array_elements_text(j.data->'renditions')) END,
            (j.data->>'index')::int, NULL, c.start_seconds, c.duration_seconds, NULL, NULL
       FROM pgboss.job j
       LEFT JOIN videos v ON v.id = j.data->>'videoId'
       LEFT JOIN LATERAL (SELECT k.start_seconds, k.duration_seconds FROM chunks k
                           WHERE k.video_id = j.data->>'videoId' AND k.index = (j.data->>'index')::int LIMIT 1) c ON true
      WHERE j.name = ANY(${[...LISTED]}::text[]) AND ${conditions(filter, 'queue')}
      ORDER BY j.created_on DESC, j.id DESC LIMIT ${limit}::int)
    ORDER BY created_on DESC, id DESC LIMIT ${limit}::int`
}

function conditions(filter: JobFilter, of: 'chunk' | 'queue'): Prisma.Sql {
  const isChunk = of === 'chunk'
  const all: Prisma.Sql[] = [Prisma.sql`true`]
  if (filter.id !== undefined)
    all.push(isChunk ? Prisma.sql`k.id = ${filter.id}` : Prisma.sql`j.id = ${filter.id}::uuid`)
  if (filter.ownerId)
    all.push(Prisma.sql`v.channel_id IN (SELECT id FROM channels WHERE owner_id = ${filter.ownerId})`)
  if (filter.videoId) {
    const videos = Prisma.sql`(SELECT id FROM videos WHERE id = ${filter.videoId} OR edition_of = ${filter.videoId})`
    all.push(isChunk ? Prisma.sql`k.video_id IN ${videos}` : Prisma.sql`j.data->>'videoId' IN ${videos}`)
  }
  if (filter.states) {
    const states = [...filter.states]
    if (isChunk) {
      const rows = states.map((state) => CHUNK_STATES_OF[state])
      all.push(Prisma.sql`k.state::text = ANY(${rows}::text[]) AND ${CHUNK_STATE} = ANY(${states}::text[])`)
    } else all.push(Prisma.sql`${QUEUE_STATE} = ANY(${states}::text[])`)
  }
  if (filter.before) {
    const { createdAt, id } = filter.before
    all.push(
      isChunk
        ? Prisma.sql`(k.created_at, k.id) < (${createdAt}::timestamptz, ${id})`
        : Prisma.sql`(j.created_on, j.id::text) < (${createdAt}::timestamptz, ${id})`,
    )
  }
  return Prisma.join(all, ' AND ')
}

export function readJob(row: JobRow, why: string | null): JobRecord {
  const { state, progress, speed, duration_seconds: duration } = row
  const encoding = row.of === 'chunk' && state === 'running'
  const secondsLeft =
    encoding && speed && progress !== null && duration !== null ? (duration * (1 - progress)) / speed : null
  return {
    id: row.id,
    kind: row.kind,
    videoId: row.video_id,
    videoTitle: row.title,
    subject: subjectOf(row),
    state,
    priority: row.of === 'chunk' ? (TIER_PRIORITIES[row.priority] ?? 0) : row.priority,
    attempts: row.attempts,
    reason: reasonOf(row),
    log: state === 'failed' || state === 'retrying' ? row.log : null,
    why,
    percent: encoding ? Math.round((progress ?? 0) * 100) : null,
    speed: encoding && speed ? Math.round(speed * 100) / 100 : null,
    secondsLeft: secondsLeft === null ? null : Math.round(secondsLeft * 10) / 10,
    createdAt: row.created_on,
    startedAt: row.started_on,
    finishedAt: row.completed_on,
  }
}

function reasonOf({ of, state, reason }: JobRow): string | null {
  if (state === 'failed' || state === 'retrying') return reason ?? 'The worker that ran it is gone.'
  if (state === 'cancelled') return of === 'chunk' ? reason : CANCELLED
  return null
}

/** Of the kinds that are about a whole video. */
const SUBJECTS: Readonly<Record<Exclude<JobKind, 'encode-chunk' | 'encode-now'>, string>> = {
  'process-upload': 'look at the file and decide how it is played',
  'rebuild-video': 'make everything again from the recording',
  'complete-replay': 'complete the replay from the recording',
  'make-poster': 'poster',
  'make-storyboard': 'storyboard',
  'find-captions': 'captions and chapters that came with it',
  'recognise-speech': 'speech to text',
  'measure-sound': 'loudness and waveform',
  'finish-video': 'measure and publish',
}

function subjectOf(row: JobRow): string {
  if (row.kind !== 'encode-chunk' && row.kind !== 'encode-now') return SUBJECTS[row.kind]
  const names = (row.renditions ?? []).join(', ')
  if (row.start_seconds === null || row.duration_seconds === null) return `${names}, part ${row.index ?? '?'}`
  return `${names}, seconds ${Math.round(row.start_seconds)} to ${Math.round(row.start_seconds + row.duration_seconds)}`
}
