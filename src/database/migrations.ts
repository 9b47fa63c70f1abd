/**
 * Applies prisma/migrations/<name>/migration.sql at start, in order of name, and records each exactly as
 * Prisma Migrate does (table, checksum, advisory lock), so that its tools work on the same database.
 *
 * One start at a time applies; each migration is one transaction together with its record, so a start
 * that is killed in the middle leaves nothing of it. A script that must not run in a transaction
 * (CREATE INDEX CONCURRENTLY) begins with a line `-- no-transaction` and has to be repeatable.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type pg from 'pg'
import { AppError, describeError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import { connect } from './connection.ts'

export const MIGRATIONS_DIR = path.resolve(import.meta.dirname, '../../prisma/migrations')

/** prisma-engines, schema-engine/connectors/sql-schema-connector: MIGRATE_ADVISORY_LOCK_KEY. */
const ADVISORY_LOCK = 72_707_369
const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`
const RECORD = `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
  VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`

export interface Migration {
  readonly name: string
  readonly sql: string
  /** SHA-256 of the script, hex. */
  readonly checksum: string
}

interface RecordedMigration {
  readonly migration_name: string
  readonly checksum: string
  readonly finished_at: Date | null
}

export interface MigrationsState {
  readonly applied: readonly string[]
  readonly pending: readonly Migration[]
  /** Recorded with another checksum: the script was edited after it had been applied. */
  readonly edited: readonly string[]
}

/** Applies what is pending and returns the names. Throws AppError `setup-failed` or `database-unavailable`. */
export async function applyMigrations(
  url: string,
  options: { readonly log: Logger; readonly dir?: string; readonly signal?: AbortSignal | undefined },
): Promise<readonly string[]> {
  const migrations = readMigrations(options.dir ?? MIGRATIONS_DIR)
  const client = await connect(url, { name: 'reprise migrations', signal: options.signal })
  try {
    // So that the server notices a killed program while a long statement still runs (PostgreSQL 14 and later).
    await client.query(
      `SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`,
    )
    // Held by the session: it ends with it, however it ends.
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK])
    await client.query(TABLE)
    const { pending, edited } = compare(migrations, await readRecords(client))
    for (const name of edited)
      options.log.warn({ migration: name }, 'migration was edited after it had been applied')
    for (const migration of pending) {
      options.signal?.throwIfAborted()
      const startedMs = performance.now()
      await apply(client, migration)
      options.log.info(
        { migration: migration.name, ms: Math.round(performance.now() - startedMs) },
        'migration applied',
      )
    }
    return pending.map((migration) => migration.name)
  } finally {
    await client.end()
  }
}

/** What would be applied; changes nothing. */
export async function inspectMigrations(url: string, dir = MIGRATIONS_DIR): Promise<MigrationsState> {
  const migrations = readMigrations(dir)
  const client = await connect(url, { name: 'reprise doctor' })
  try {
    const found = await client.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`)
    return compare(migrations, found.rows[0]?.there ? await readRecords(client) : [])
  } finally {
    await client.end()
  }
}

function readMigrations(dir: string): readonly Migration[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const sql = readFileSync(path.join(dir, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function readRecords(client: pg.Client): Promise<readonly RecordedMigration[]> {
  const { rows } = await client.query<RecordedMigration>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name',
  )
  return rows
}

function compare(migrations: readonly Migration[], records: readonly RecordedMigration[]): MigrationsState {
  const unfinished = records.find((record) => record.finished_at === null)
  if (unfinished) {
    throw new AppError(
      'setup-failed',
      `Migration ${unfinished.migration_name} was begun by another tool and not finished: settle it with "npx prisma migrate resolve".`,
    )
  }
  const stranger = records.find(
    (record) => !migrations.some((migration) => migration.name === record.migration_name),
  )
  if (stranger) {
    throw new AppError(
      'setup-failed',
      `The database has migration ${stranger.migration_name}, which this version of Reprise does not know: it was used by a newer one. Start that version, or restore an older backup.`,
    )
  }
  const recorded = new Map(records.map((record) => [record.migration_name, record]))
  return {
    applied: records.map((record) => record.migration_name),
    pending: migrations.filter((migration) => !recorded.has(migration.name)),
    edited: migrations
      .filter(({ name, checksum }) => (recorded.get(name)?.checksum ?? checksum) !== checksum)
      .map(({ name }) => name),
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const inTransaction = !/^--\s*no-transaction\b/m.test(sql)
  try {
    if (inTransaction) await client.query('BEGIN')
    await client.query(sql)
    await client.query(RECORD, [randomUUID(), checksum, name])
    if (inTransaction) await client.query('COMMIT')
  } catch (cause) {
    if (inTransaction) await client.query('ROLLBACK').catch(() => {})
    throw new AppError('setup-failed', `Migration ${name} failed and was undone: ${describeError(cause)}`, {
      cause,
    })
  }
}
