/** First words with a database: is it there, does it let us in, and if not, which setting is to blame. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { AppError, describeError } from '../kernel/errors.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** How long a server that says it is starting up is given. */
const STARTING_UP_MS = 60_000
const LOOK_AGAIN_MS = 500

/** A connected client. Throws AppError `database-unavailable` naming DATABASE_URL, without its password. */
export async function connect(
  url: string,
  options: { readonly name: string; readonly signal?: AbortSignal | undefined },
): Promise<pg.Client> {
  const deadline = Date.now() + STARTING_UP_MS
  for (;;) {
    let client: pg.Client | undefined
    try {
      client = new pg.Client({
        connectionString: url,
        application_name: options.name,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      })
      await client.connect()
      return client
    } catch (error) {
      await client?.end().catch(() => {})
      // cannot_connect_now: starting up, recovering or shutting down.
      if ((error as { code?: string }).code !== '57P03' || Date.now() > deadline)
        throw unavailable(url, error)
      await delay(LOOK_AGAIN_MS, undefined, { signal: options.signal })
    }
  }
}

/** Where a connection string leads, for a person: no password, no options. */
export function describeUrl(url: string): string {
  try {
    const { protocol, username, host, pathname, searchParams } = new URL(url)
    const socket = searchParams.get('host')
    return `${protocol}//${username ? `${username}@` : ''}${socket ?? host}${pathname}`
  } catch {
    return 'an address that cannot be read'
  }
}

function unavailable(url: string, error: unknown): AppError {
  return new AppError(
    'database-unavailable',
    `DATABASE_URL: ${describeUrl(url)} cannot be used: ${reason(error)}`,
    {
      cause: error,
    },
  )
}

/** SQLSTATE codes: PostgreSQL 18, appendix A. */
function reason(error: unknown): string {
  const { code } = error as { code?: string }
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing answers there (connection refused). Is PostgreSQL running?'
    case 'ENOENT':
      return 'there is no such socket. Is PostgreSQL running?'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no host of that name.'
    case '28P01':
    case '28000':
      return 'the user or the password is wrong.'
    case '3D000':
      return 'there is no such database on that server. Create it first.'
    case '53300':
      return 'the server has no connection left.'
    case 'ERR_INVALID_URL':
      return 'it is not a URL. It looks like postgresql://user:password@host:5432/database.'
    default:
      // An AggregateError (every address of a host failed) has an empty message of its own.
      return error instanceof AggregateError
        ? error.errors.map(describeError).join('; ')
        : describeError(error)
  }
}
