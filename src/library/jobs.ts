/** The pipeline's work as far as the asker may see and change it. */
import { AppError } from '../kernel/errors.ts'
import type { UserId, VideoId } from '../kernel/ids.ts'
import type { JobCatalogue, JobRecord, JobState } from '../pipeline/job-catalogue.ts'
import { demand, demandSignIn } from './demand-permission.ts'
import { type Asker, may } from './permissions.ts'

export interface JobListQuery {
  readonly videoId?: VideoId | undefined
  readonly state?: JobState | undefined
  readonly cursor?: string | undefined
  readonly limit: number
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

  constructor(catalogue: JobCatalogue, ownersOf: OwnersOf) {
    this.#catalogue = catalogue
    this.#ownersOf = ownersOf
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
