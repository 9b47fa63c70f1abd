/**
 * Changes of the catalogue by LISTEN: triggers (migration catalogue_changes) notify of each. The connection
 * is opened with the first subscriber and comes back by itself; while it is away changes are missed, which
 * listeners bear, since each change only says "look again".
 */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { BroadcastId, VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { CatalogueChange, CatalogueChanges } from '../library/catalogue-changes.ts'

const CHANNEL = 'reprise_catalogue'
const RECONNECT_MS = 1000
const CONNECT_TIMEOUT_MS = 10_000

export class PostgresCatalogueChanges implements CatalogueChanges, AsyncDisposable {
  readonly #url: string
  readonly #log: Logger
  readonly #listeners = new Set<(change: CatalogueChange) => void>()
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined
  #listening = Promise.withResolvers<void>()

  constructor(url: string, log: Logger) {
    this.#url = url
    this.#log = log
  }

  /** Resolves when changes are heard. */
  ready(): Promise<void> {
    this.#running ??= this.#run()
    return this.#listening.promise
  }

  subscribe(listener: (change: CatalogueChange) => void): () => void {
    this.#running ??= this.#run()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      const client = new pg.Client({
        connectionString: this.#url,
        application_name: 'reprise-changes',
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        keepAlive: true,
      })
      const ended = new Promise<void>((resolve) => {
        client.once('end', resolve)
        client.on('error', (error) => {
          this.#log.warn({ err: error }, 'connection for catalogue changes lost')
          resolve()
        })
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      client.on('notification', ({ payload = '' }) => this.#tell(payload))
      try {
        await client.connect()
        await client.query(`LISTEN ${CHANNEL}`)
        this.#listening.resolve()
        await ended
      } catch (error) {
        this.#log.warn({ err: error }, 'catalogue changes cannot be heard: tried again')
      } finally {
        await client.end().catch(() => {})
      }
      await delay(RECONNECT_MS, undefined, { signal }).catch(() => {})
    }
    this.#listening.resolve()
  }

  #tell(payload: string): void {
    const [kind, first = '', second = ''] = payload.split(' ')
    const change: CatalogueChange =
      kind === 'b'
        ? { kind: 'broadcast', broadcastId: first as BroadcastId, videoId: second as VideoId }
        : { kind: 'video', videoId: first as VideoId }
    for (const listener of this.#listeners) listener(change)
  }
}
