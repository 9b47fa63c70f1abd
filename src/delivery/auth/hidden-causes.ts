/**
 * better-auth answers "Failed to get session" whatever went wrong, and tells only its logger what it was.
 * What is heard there during a piece of work is kept with that work, so that a database that is away is
 * not taken for a bug.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { isDatabaseAway } from '../database-away.ts'

export class HiddenCauses {
  readonly #heard = new AsyncLocalStorage<unknown[]>()

  /** Outside of `reveal` it is nobody's. */
  hear(error: unknown): void {
    this.#heard.getStore()?.push(error)
  }

  /** The work's result; what it was really about when it failed for want of the database, thrown or answered with a 5xx. */
  async reveal<T>(work: () => Promise<T>): Promise<T> {
    const heard: unknown[] = []
    const away = () => heard.find(isDatabaseAway)
    try {
      const result = await this.#heard.run(heard, work)
      if (result instanceof Response && result.status >= 500 && away()) throw away()
      return result
    } catch (error) {
      throw away() ?? error
    }
  }
}
