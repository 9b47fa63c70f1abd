import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { applyMigrations, inspectMigrations, MIGRATIONS_DIR } from '../../../src/database/migrations.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { createEmptyDatabase, createTestDatabase } from '../../support/postgres.ts'
import { diffDatabaseToSchema, diffMigrationsToSchema } from '../../support/schema-engine.ts'

const log = makeLogger('silent')

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

describe('the migrations of the project', () => {
  it('make what schema.prisma says (else: npm run migration:new -- <name>)', async () => {
    expect(await diffMigrationsToSchema(inject('postgres').serverUrl)).toBeUndefined()
  })

  it('applied by the runner leave no drift', async () => {
    await using database = await createTestDatabase()
    expect(await diffDatabaseToSchema(database.url)).toBeUndefined()
    await query(database.url, 'ALTER TABLE videos DROP COLUMN title CASCADE')
    expect(await diffDatabaseToSchema(database.url)).toContain('ADD COLUMN')
  })

  it('are all recorded, with nothing pending, in a migrated database', async () => {
    await using database = await createTestDatabase()
    const state = await inspectMigrations(database.url)
    expect(state.pending).toEqual([])
    expect(state.applied).toContain('20261121000000_extensions')
    expect(await applyMigrations(database.url, { log })).toEqual([])
  })
})

describe('the runner', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'reprise-migrations-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const write = (name: string, sql: string) => {
    mkdirSync(path.join(dir, name), { recursive: true })
    writeFileSync(path.join(dir, name, 'migration.sql'), sql)
  }

  it('applies each migration once when many start at once', async () => {
    await using database = await createEmptyDatabase()
    const rounds = await Promise.all(Array.from({ length: 6 }, () => applyMigrations(database.url, { log })))
    expect(rounds.filter((applied) => applied.length > 0)).toHaveLength(1)
    const rows = await query(database.url, 'SELECT migration_name FROM _prisma_migrations ORDER BY 1')
    expect(rows.map((row) => row.migration_name)).toEqual(rounds.flat())
  })

  it('leaves nothing of a script that fails, and names it', async () => {
    await using database = await createEmptyDatabase()
    write('1_good', 'CREATE TABLE good (id int)')
    write('2_bad', 'CREATE TABLE half (id int); SELECT 1/0')
    await expect(applyMigrations(database.url, { log, dir })).rejects.toMatchObject({
      code: 'setup-failed',
      message: expect.stringMatching(/2_bad .*division by zero/),
    })
    const [row] = await query(
      database.url,
      `SELECT to_regclass('good')::text AS good, to_regclass('half') AS half`,
    )
    expect(row).toEqual({ good: 'good', half: null })
    write('2_bad', 'CREATE TABLE half (id int)')
    expect(await applyMigrations(database.url, { log, dir })).toEqual(['2_bad'])
  })

  it('leaves nothing of a script in whose middle the program was killed', async () => {
    await using database = await createEmptyDatabase()
    write('1_slow', `CREATE TABLE half (id int); SELECT pg_notify('half', ''); SELECT pg_sleep(3600)`)
    const module = path.resolve(import.meta.dirname, '../../../src/database/migrations.ts')
    const script = `
      import { applyMigrations } from ${JSON.stringify(module)}
      import pino from 'pino'
      await applyMigrations(${JSON.stringify(database.url)}, { log: pino({ level: 'silent' }), dir: ${JSON.stringify(dir)} })`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: 'inherit',
      cwd: path.dirname(module),
    })
    const killed = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
    await expect
      .poll(() =>
        query(
          database.url,
          `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)' AND wait_event = 'PgSleep'`,
        ),
      )
      .toHaveLength(1)
    child.kill('SIGKILL')
    expect(await killed).toBe('SIGKILL')
    write('1_slow', 'CREATE TABLE half (id int)')
    expect(await applyMigrations(database.url, { log, dir })).toEqual(['1_slow'])
  })

  it('refuses a database that a newer version has used', async () => {
    await using database = await createEmptyDatabase()
    write('1_now', 'SELECT 1')
    write('2_future', 'SELECT 1')
    await applyMigrations(database.url, { log, dir })
    rmSync(path.join(dir, '2_future'), { recursive: true })
    await expect(applyMigrations(database.url, { log, dir })).rejects.toThrow(/2_future.*newer/)
  })

  it('runs a script marked no-transaction outside of one', async () => {
    await using database = await createEmptyDatabase()
    write('1_table', 'CREATE TABLE t (id int)')
    write('2_index', '-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS t_id ON t (id)')
    expect(await applyMigrations(database.url, { log, dir })).toEqual(['1_table', '2_index'])
  })

  it('names DATABASE_URL without its password when there is no database', async () => {
    const url = new URL(inject('postgres').serverUrl)
    url.pathname = '/missing'
    const failure = await applyMigrations(url.href, { log, dir: MIGRATIONS_DIR }).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({
      code: 'database-unavailable',
      message: expect.stringMatching(/^DATABASE_URL: .*no such database/),
    })
    expect((failure as Error).message).not.toContain(url.password)
  })
})
