/** The workers, for administrators: who there is, how they are, and taking one out of work. */
import { AppError } from '../kernel/errors.ts'
import type { WorkerRecord, WorkerRegistry } from '../pipeline/worker-registry.ts'
import { demand } from './demand-permission.ts'
import type { Asker } from './permissions.ts'

export class Workers {
  readonly #registry: WorkerRegistry

  constructor(registry: WorkerRegistry) {
    this.#registry = registry
  }

  /** Throws AppError `forbidden`. */
  list(asker: Asker): Promise<readonly WorkerRecord[]> {
    demand(asker, 'administer', null)
    return this.#registry.list()
  }

  /** It takes no more jobs and hands back what it has, within seconds. Throws AppError `forbidden` or `not-found`. */
  drain(asker: Asker, id: string): Promise<WorkerRecord> {
    return this.#want(asker, id, true)
  }

  /** It takes jobs again. Throws AppError `forbidden` or `not-found`. */
  resume(asker: Asker, id: string): Promise<WorkerRecord> {
    return this.#want(asker, id, false)
  }

  async #want(asker: Asker, id: string, drain: boolean): Promise<WorkerRecord> {
    demand(asker, 'administer', null)
    const told = await this.#registry.setDrain(id, drain)
    const worker = told ? (await this.#registry.list()).find((one) => one.id === id) : undefined
    if (!worker) throw new AppError('not-found', 'There is no such worker any more.')
    return worker
  }
}
