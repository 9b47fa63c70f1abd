/** The pipeline's work as far as the asker may see and change it. */
import { AppError } from '../kernel/errors.ts'
import type { UserId, VideoId } from '../kernel/ids.ts'
import type { JobCatalogue, JobRecord, JobState } from '../pipeline/job-catalogue.ts'
import type { JobKind } from '../pipeline/job-kinds.ts'
import { PAUSABLE_KINDS, type QueuePause, type QueuePauses } from '../pipeline/queue-pauses.ts'
import { demand, demandSignIn } from './demand-permission.ts'
import { type Asker, may } from './permissions.ts'

export interface JobListQuery {
  readonly videoId?: VideoId | undefined
  readonly state?: JobState | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface QueueRecord {
  readonly kind: JobKind
  readonly pause: QueuePause | undefined
  readonly waiting: number
  readonly running: number
  readonly failed: number
}

export interface JobPage {
  readonly items: readonly JobRecord[]
  readonly nextCursor: string | null
}

/** Who owns these videos, deleted ones too; implemented by database/video-owners.ts. */
export type OwnersOf = (videoIds: readonly VideoId[]) => Promise<ReadonlyMap<VideoId, UserId>>

export class Jobs {
  readonly #catalogue: JobCatalogue
  readonly #ownersOf: OwnersOf
  readonly #pauses: QueuePauses

  constructor(catalogue: JobCatalogue, ownersOf: OwnersOf, pauses: QueuePauses) {
    this.#catalogue = catalogue
    this.#ownersOf = ownersOf
    this.#pauses = pauses
  }

  /** Of the asker's own videos; all for administrators. */
  async list(asker: Asker, query: JobListQuery): Promise<JobPage> {
    demandSignIn(asker)
    const { videoId, state, cursor, limit } = query
    const everybodys = may(asker, 'administer', null)
    const page = await this.#catalogue.list({
      ...(!everybodys && { ownerId: asker.userId }),
      ...(videoId !== undefined && { videoId }),
      ...(state !== undefined && { state }),
      ...(cursor !== undefined && { cursor }),
      limit,
    })
    if (everybodys) return page
    // The catalogue narrows the search; who may see what is decided here alone.
    const owners = await this.#ownersOf([...new Set(page.items.flatMap(({ videoId: id }) => id ?? []))])
    const mayManage = ({ videoId: id }: JobRecord) => {
      const ownerId = id === null ? undefined : owners.get(id)
      return ownerId !== undefined && may(asker, 'manage', { ownerId })
    }
    return { items: page.items.filter(mayManage), nextCursor: page.nextCursor }
  }

  /** From the first attempt again. Throws AppError `not-found`, `forbidden`, `conflict` unless it failed or was cancelled. */
  retry(asker: Asker, id: string): Promise<JobRecord> {
    return this.#change(asker, id, () => this.#catalogue.retry(id))
  }

  /** Throws AppError `not-found`, `forbidden`, `conflict` when it is over. */
  cancel(asker: Asker, id: string): Promise<JobRecord> {
    return this.#change(asker, id, () => this.#catalogue.cancel(id))
  }

  /** Of every kind of job: whether it is stopped, and how many there are. For administrators. */
  async queues(asker: Asker): Promise<readonly QueueRecord[]> {
    demand(asker, 'administer', null)
    const [counts, pauses] = await Promise.all([this.#catalogue.count(), this.#pauses.list()])
    return PAUSABLE_KINDS.map((kind) => {
      const own = counts.filter((count) => count.kind === kind)
      const sum = (...states: readonly JobState[]) =>
        own.filter(({ state }) => states.includes(state)).reduce((total, { jobs }) => total + jobs, 0)
      return {
        kind,
        pause: pauses.find((pause) => pause.kind === kind),
        waiting: sum('waiting', 'retrying'),
        running: sum('running'),
        failed: sum('failed'),
      }
    })
  }

  /** Nothing of that kind is begun any more; what viewers wait for is. Throws AppError `not-found`, `forbidden`. */
  pause(asker: Asker, kind: string): Promise<QueueRecord> {
    const by = asker.kind === 'person' ? asker.userId : null
    return this.#changeQueue(asker, kind, (known) => this.#pauses.pause(known, by))
  }

  /** Throws AppError `not-found`, `forbidden`. */
  resume(asker: Asker, kind: string): Promise<QueueRecord> {
    return this.#changeQueue(asker, kind, (known) => this.#pauses.resume(known))
  }

  /** How far everything is that is being done, with whose it is; null: of nobody's video. */
  async running(
    limit: number,
  ): Promise<readonly { readonly job: JobRecord; readonly ownerId: UserId | null }[]> {
    return this.#withOwners(await this.#catalogue.running(limit))
  }

  /** One of them as it stands now; undefined: it is not there any more. */
  async progressOf(
    id: string,
  ): Promise<{ readonly job: JobRecord; readonly ownerId: UserId | null } | undefined> {
    const job = await this.#catalogue.find(id)
    return job && (await this.#withOwners([job]))[0]
  }

  async #withOwners(jobs: readonly JobRecord[]) {
    const owners = await this.#ownersOf([...new Set(jobs.flatMap(({ videoId }) => videoId ?? []))])
    return jobs.map((job) => ({
      job,
      ownerId: job.videoId === null ? null : (owners.get(job.videoId) ?? null),
    }))
  }

  async #changeQueue(
    asker: Asker,
    kind: string,
    change: (kind: JobKind) => Promise<void>,
  ): Promise<QueueRecord> {
    demand(asker, 'administer', null)
    const known = PAUSABLE_KINDS.find((one) => one === kind)
    if (known === undefined) throw new AppError('not-found', 'There is no such queue that can be paused.')
    await change(known)
    const queue = (await this.queues(asker)).find((one) => one.kind === known)
    if (!queue) throw new Error('a queue that can be paused is listed')
    return queue
  }

  async #change(asker: Asker, id: string, change: () => Promise<void>): Promise<JobRecord> {
    const job = await this.#find(id)
    const ownerId = job.videoId === null ? undefined : (await this.#ownersOf([job.videoId])).get(job.videoId)
    if (ownerId === undefined) demand(asker, 'administer', null)
    else demand(asker, 'manage', { ownerId })
    await change()
    return this.#find(id)
  }

  async #find(id: string): Promise<JobRecord> {
    const job = await this.#catalogue.find(id)
    if (!job) throw new AppError('not-found', 'There is no such job.')
    return job
  }
}
