/**
 * Prisma's schema engine as WebAssembly: writes migrations and finds drift without the engine binary, which
 * cannot be downloaded everywhere. For development and tests only.
 *
 * The stock pg adapter is made fit for it: scripts go to the server whole instead of split at each ";",
 * "char" columns are told from text, and the shadow database is one of its own.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils'
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'

const ROOT = path.resolve(import.meta.dirname, '../..')
const MIGRATIONS_DIR = path.join(ROOT, 'prisma/migrations')
const SCHEMA_FILE = path.join(ROOT, 'prisma/schema.prisma')
/** pg_type oid of "char", as used by the catalogue tables the engine reads. */
const OID_CHAR = 18
const OID_TEXT = 25

/** SQL that takes what prisma/migrations make to what schema.prisma says; undefined when they agree. */
export function diffMigrationsToSchema(serverUrl: string): Promise<string | undefined> {
  return diff(serverUrl, { tag: 'migrations', ...migrationsList() })
}

/** SQL that would take a live database to schema.prisma; undefined when it is there. */
export function diffDatabaseToSchema(databaseUrl: string): Promise<string | undefined> {
  return diff(databaseUrl, { tag: 'schemaDatasource', ...schema(), configDir: ROOT })
}

async function diff(url: string, from: engineModule.DiffTarget): Promise<string | undefined> {
  using engine = await openEngine(url)
  const { stdout } = await engine.diff({
    from,
    to: { tag: 'schemaDatamodel', ...schema() },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  const script = stdout ?? ''
  const isEmpty = script.split('\n').every((line) => line.trim() === '' || line.startsWith('--'))
  return isEmpty ? undefined : script
}

async function openEngine(url: string): Promise<engineModule.SchemaEngine> {
  await loadEngine()
  const datamodels = schema().files.map(({ path: file, content }): [string, string] => [file, content])
  return engineModule.SchemaEngine.new(
    { datamodels },
    () => {},
    bindMigrationAwareSqlAdapterFactory(migrationAdapter(url)),
  )
}

let loaded: Promise<void> | undefined

function loadEngine(): Promise<void> {
  loaded ??= (async () => {
    const wasm = path.join(
      path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm')),
      'schema_engine_bg.wasm',
    )
    // The engine reports its panics through this global, by Prisma's convention.
    Object.assign(globalThis, {
      PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) },
    })
    const { instance } = await WebAssembly.instantiate(readFileSync(wasm), {
      './schema_engine_bg.js': engineModule as unknown as WebAssembly.ModuleImports,
    })
    engineModule.__wbg_set_wasm(instance.exports)
    ;(instance.exports.__wbindgen_start as () => void)()
  })()
  return loaded
}

function migrationAdapter(url: string): PrismaPg {
  const factory = adaptedFactory(url)
  factory.connectToShadowDb = async () => {
    const name = `shadow_${randomUUID()}`
    const admin = new pg.Client({ connectionString: url })
    await admin.connect()
    await admin.query(`CREATE DATABASE "${name}"`)
    const shadowUrl = new URL(url)
    shadowUrl.pathname = `/${name}`
    const shadow = await adaptedFactory(shadowUrl.href).connect()
    const close = shadow.dispose.bind(shadow)
    shadow.dispose = async () => {
      await close()
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`)
      await admin.end()
    }
    return shadow
  }
  return factory
}

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>

function adaptedFactory(url: string): PrismaPg {
  const factory = new PrismaPg({ connectionString: url, max: 1 })
  const connect = factory.connect.bind(factory)
  factory.connect = async () => adapt(await connect())
  return factory
}

/** The parts of the adapter that are replaced; `client` and `performIO` are private to its types. */
interface Innards {
  client: pg.Pool
  performIO(query: unknown): Promise<{ fields?: { dataTypeID: number }[] }>
  queryRaw: SqlDriverAdapter['queryRaw']
}

function adapt(adapter: Adapter): Adapter {
  const inner = adapter as unknown as Innards
  const performIO = inner.performIO.bind(adapter)
  const queryRaw = inner.queryRaw.bind(adapter)
  let charColumns: number[] = []
  inner.performIO = async (query) => {
    const result = await performIO(query)
    charColumns = []
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== OID_CHAR) continue
      charColumns.push(index)
      field.dataTypeID = OID_TEXT
    }
    return result
  }
  inner.queryRaw = async (query) => {
    const result = await queryRaw(query)
    for (const index of charColumns) result.columnTypes[index] = ColumnTypeEnum.Character
    return result
  }
  adapter.executeScript = async (script) => {
    await inner.client.query(script)
  }
  return adapter
}

function schema() {
  return { files: [{ path: SCHEMA_FILE, content: readFileSync(SCHEMA_FILE, 'utf8') }] }
}

function migrationsList() {
  const lock = path.join(MIGRATIONS_DIR, 'migration_lock.toml')
  const names = readdirSync(MIGRATIONS_DIR, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  return {
    baseDir: MIGRATIONS_DIR,
    shadowDbInitScript: '',
    lockfile: { path: 'migration_lock.toml', content: existsSync(lock) ? readFileSync(lock, 'utf8') : null },
    migrationDirectories: names.map((name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: {
          tag: 'ok' as const,
          value: readFileSync(path.join(MIGRATIONS_DIR, name, 'migration.sql'), 'utf8'),
        },
      },
    })),
  }
}
