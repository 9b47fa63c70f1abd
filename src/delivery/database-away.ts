/**
 * Whether an error means that the database cannot be reached, as Prisma 7 with the pg adapter says it:
 * by its own code, by the adapter's cause, by PostgreSQL's SQLSTATE, by the socket's error, or, within
 * a transaction or when it hangs, by pg in words alone. All of these were seen.
 */

/** Prisma error reference: not reachable, timed out, connection closed, pool exhausted; P1003: there is no such database; P2028: a transaction lost its connection, or got none. */
const PRISMA_CODES = /^(P1001|P1002|P1003|P1008|P1011|P1017|P2024|P2028|P2037)$/
/** PostgreSQL 18, appendix A: connection exceptions, too many connections, no such database, shutting down or starting up. */
const SQLSTATES = /^(08...|53300|3D000|57P0.)$/
const ADAPTER_KINDS =
  /^(DatabaseNotReachable|DatabaseDoesNotExist|ConnectionClosed|SocketTimeout|TooManyConnections|TlsConnectionError)$/
const SOCKET_CODES = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/
const PG_WORDS =
  /connection terminated|query read timeout|connection error and is not queryable|timeout exceeded when trying to connect|connect (ENOENT|ECONNREFUSED|ETIMEDOUT)|Can't reach database/i

export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, syscall, meta } = error as Error & {
    code?: unknown
    syscall?: unknown
    meta?: { driverAdapterError?: { cause?: { kind?: unknown; originalCode?: unknown } } }
  }
  const cause = meta?.driverAdapterError?.cause
  return (
    PRISMA_CODES.test(String(code)) ||
    ADAPTER_KINDS.test(String(cause?.kind)) ||
    SQLSTATES.test(String(cause?.originalCode)) ||
    // EPIPE and ECONNRESET of a client's own socket are none of the database's: Prisma puts its name to those that are.
    ((syscall === 'connect' || error.name.startsWith('PrismaClient')) && SOCKET_CODES.test(String(code))) ||
    PG_WORDS.test(error.message)
  )
}
