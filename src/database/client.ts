/** The Prisma client over a pg pool: what the rooms' implementations in this folder query with. */
import { PrismaPg } from '@prisma/adapter-pg'
import type { Logger } from '../kernel/logger.ts'
import { PrismaClient } from './generated/client.ts'

export type Database = PrismaClient

/** Connections of one program: with the queue's pool beside it, several roles fit into PostgreSQL's default of 100. */
const POOL_SIZE = 20
const IDLE_TIMEOUT_MS = 60_000
/** A request that waits longer than this for a connection fails instead of queueing up without end. */
const ACQUIRE_TIMEOUT_MS = 10_000
/** A server that hangs must not keep its callers for ever; what they tell is told again. No query of ours takes seconds. */
const QUERY_TIMEOUT_MS = 20_000

/** Connects on first use. Close with `$disconnect()`, which waits for the pool. */
export function makeDatabase(
  url: string,
  options: {
    readonly log: Logger
    readonly poolSize?: number
    /** Aborted before `$disconnect()`: connections that are lost from then on are no news. */
    readonly closing?: AbortSignal
  },
): Database {
  const warn = (error: unknown, message: string) => {
    // The pool does not wait for its last sockets, which a server that is stopped next cuts off.
    if (!options.closing?.aborted) options.log.warn({ err: error }, message)
  }
  const adapter = new PrismaPg(
    {
      connectionString: url,
      application_name: 'reprise',
      max: options.poolSize ?? POOL_SIZE,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
    },
    {
      // A connection lost while idle is replaced on the next query; without a listener it would be a crash.
      onPoolError: (error) => warn(error, 'idle database connection lost'),
      onConnectionError: (error) => warn(error, 'database connection lost'),
    },
  )
  return new PrismaClient({ adapter })
}
