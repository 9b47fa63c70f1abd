/** Interactive transactions with patience for a busy machine: Prisma's defaults give up after 2 and 5 s. */
import type { Database } from './client.ts'
import type { Prisma } from './generated/client.ts'

export function inTransaction<T>(
  database: Database,
  work: (tx: Prisma.TransactionClient) => Promise<T>,
): Promise<T> {
  return database.$transaction(work, { maxWait: 10_000, timeout: 30_000 })
}
