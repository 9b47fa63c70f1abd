/**
 * Databases for tests. A run of vitest has one throwaway cluster (postgres-global-setup.ts); each test file
 * takes a database of its own from a migrated template, some 50 ms.
 */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { type Database, makeDatabase } from '../../src/database/client.ts'
import { makeLogger } from '../../src/kernel/logger.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  readonly prisma: Database
}

/** A migrated, empty database. Dispose it, or its connections stay open until the run ends. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url, drop } = await createDatabase(inject('postgres').template)
  const prisma = makeDatabase(url, { log: makeLogger('silent'), poolSize: 10 })
  return {
    url,
    prisma,
    async [Symbol.asyncDispose]() {
      await prisma.$disconnect()
      await drop()
    },
  }
}

/** A database with nothing in it, not even the migrations' table. */
export async function createEmptyDatabase(): Promise<AsyncDisposable & { readonly url: string }> {
  const { url, drop } = await createDatabase('template0')
  return { url, [Symbol.asyncDispose]: drop }
}

async function createDatabase(template: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const { serverUrl } = inject('postgres')
  await administer(serverUrl, `CREATE DATABASE "${name}" TEMPLATE "${template}"`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: () => administer(serverUrl, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  }
}

async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
