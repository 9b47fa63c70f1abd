/**
 * `reprise doctor`: looks at everything the program depends on and at what it keeps, changes nothing, and
 * says what to do. With --repair it is repair.ts.
 */
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Config } from '../config/config.ts'
import { makeDatabase } from '../database/client.ts'
import { connect } from '../database/connection.ts'
import { findRunningEmbeddedPostgres } from '../database/embedded-postgres.ts'
import { inspectMigrations } from '../database/migrations.ts'
import { readTlsIdentity } from '../ingest/tls-identity.ts'
import { describeError } from '../kernel/errors.ts'
import { listen } from '../kernel/listen.ts'
import { makeLogger } from '../kernel/logger.ts'
import { FileStore } from '../media/file-store.ts'
import { makeStoragePaths } from '../media/layout.ts'
import { makeConfinement } from '../pipeline/ffmpeg/confinement.ts'
import { locateFfmpeg } from '../pipeline/ffmpeg/locate.ts'
import { prepareStorage } from '../setup/storage-folder.ts'
import { tryLockStorage } from '../setup/storage-lock.ts'
import { compareStorage } from './storage-check/compare.ts'

export interface Finding {
  readonly subject: string
  readonly state: 'good' | 'note' | 'bad'
  /** What was found, and after a semicolon or in a sentence of its own what to do. */
  readonly text: string
}

const MARKS = { good: 'ok', note: 'note', bad: 'BAD' } as const

/** Prints a table. Resolves with 0, or 1 when something is bad. */
export async function runDoctor(config: Config): Promise<number> {
  const findings = await examine(config)
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  for (const { subject, state, text } of findings) {
    const [first, ...more] = text.split('\n')
    console.log(`${MARKS[state].padEnd(4)}  ${subject.padEnd(width)}  ${first}`)
    for (const line of more) console.log(`${' '.repeat(width + 8)}${line}`)
  }
  return findings.some(({ state }) => state === 'bad') ? 1 : 0
}

export async function examine(config: Config): Promise<readonly Finding[]> {
  const running = isRunning(config.storageDir)
  return [
    { subject: 'Node', state: 'good', text: process.version },
    await check('ffmpeg', () => ffmpegFinding(config)),
    await check('sandbox', () => sandboxFinding(config)),
    await check('storage', () => storageFinding(config)),
    ...(await Promise.all([
      check('PORT', () => portFinding(config, 'PORT', config.port, running)),
      check('RTMP_PORT', () => portFinding(config, 'RTMP_PORT', config.rtmpPort, running)),
      ...(config.rtmps ? rtmpsChecks(config, config.rtmps, running) : []),
    ])),
    await check('database', () => databaseFinding(config)),
    ...(await contentsFindings(config)),
  ]
}

type Verdict = Omit<Finding, 'subject'>

async function check(subject: string, look: () => Promise<Verdict>): Promise<Finding> {
  try {
    return { subject, ...(await look()) }
  } catch (error) {
    return { subject, state: 'bad', text: describeError(error) }
  }
}

async function ffmpegFinding(config: Config): Promise<Verdict> {
  const { ffmpeg, version, encoders, source } = await locateFfmpeg(config)
  const extra = ['libx265', 'libsvtav1', 'libopus'].filter((name) => encoders.has(name))
  const text = `${version}, ${ffmpeg}; H.264 and AAC${extra.length > 0 ? `, ${extra.join(', ')}` : ''}`
  if (source === 'package')
    return {
      state: 'note',
      text: `${text}\nAn old build. A current one is faster and knows more formats: "sudo apt-get install ffmpeg".`,
    }
  return { state: 'good', text }
}

/** The same trial as at start, in a folder of its own. */
async function sandboxFinding(config: Config): Promise<Verdict> {
  const { ffmpeg, ffprobe } = await locateFfmpeg(config)
  const tmpDir = await mkdtemp(path.join(tmpdir(), 'reprise-doctor-'))
  try {
    const { kind, summary } = await makeConfinement({
      setting: config.sandbox,
      programs: [ffmpeg, ffprobe],
      tmpDir,
    })
    if (kind === 'bwrap') return { state: 'good', text: summary }
    return {
      state: 'note',
      text: `${summary}\nWhere files of strangers are taken, install bubblewrap ("sudo apt-get install bubblewrap") and allow user namespaces.`,
    }
  } finally {
    await rm(tmpDir, { recursive: true, force: true })
  }
}

async function storageFinding(config: Config): Promise<Verdict> {
  prepareStorage(config)
  const { bavail, bsize } = await statfs(config.storageDir)
  const free = bavail * bsize
  const text = `${config.storageDir}, writable, ${(free / 2 ** 30).toFixed(1)} GiB free`
  if (free < config.minFreeBytes)
    return {
      state: 'bad',
      text: `${text}\nLess than MIN_FREE_BYTES (${config.minFreeBytes}): new broadcasts and uploads are refused. Free some space.`,
    }
  if (free < 4 * config.minFreeBytes)
    return {
      state: 'note',
      text: `${text}\nNew broadcasts and uploads are refused below ${(config.minFreeBytes / 2 ** 30).toFixed(1)} GiB (MIN_FREE_BYTES).`,
    }
  return { state: 'good', text }
}

async function portFinding(
  config: Config,
  setting: 'PORT' | 'RTMP_PORT' | 'RTMPS_PORT',
  port: number,
  running: boolean,
): Promise<Verdict> {
  const server = createServer()
  try {
    await listen(server, { host: config.host, port, setting })
    return { state: 'good', text: `${port}, free` }
  } catch (error) {
    if (running) return { state: 'good', text: `${port}, in use; a Reprise runs on this storage folder` }
    throw error
  } finally {
    server.close()
  }
}

function rtmpsChecks(
  config: Config,
  rtmps: NonNullable<Config['rtmps']>,
  running: boolean,
): Promise<Finding>[] {
  return [
    check('RTMPS_PORT', () => portFinding(config, 'RTMPS_PORT', rtmps.port, running)),
    check('RTMPS_CERT', async () => {
      const { expiresAt } = await readTlsIdentity(rtmps)
      const text = `${rtmps.certFile}, valid until ${expiresAt.toISOString().slice(0, 10)}`
      return expiresAt.getTime() < Date.now()
        ? { state: 'bad', text: `${text}\nIt has expired: encoders refuse it.` }
        : { state: 'good', text }
    }),
  ]
}

async function databaseFinding(config: Config): Promise<Verdict> {
  const embedded = config.databaseUrl === undefined
  const url = config.databaseUrl ?? findRunningEmbeddedPostgres(makeStoragePaths(config.storageDir).postgres)
  if (url === undefined) return { state: 'good', text: 'embedded, not running; starts with the program' }
  const client = await connect(url, { name: 'reprise doctor' })
  const { rows } = await client
    .query<{ server_version: string }>('SHOW server_version')
    .finally(() => client.end())
  const { applied, pending, edited } = await inspectMigrations(url)
  const text = `${embedded ? 'embedded, running' : 'DATABASE_URL'}, PostgreSQL ${rows[0]?.server_version}; ${applied.length} migrations applied`
  if (edited.length > 0)
    return { state: 'bad', text: `${text}\nEdited after they had been applied: ${edited.join(', ')}` }
  if (pending.length > 0)
    return { state: 'note', text: `${text}\n${pending.length} more are applied by the next start.` }
  return { state: 'good', text }
}

/** Storage against database; what can be put right is said, and left to --repair. */
async function contentsFindings(config: Config): Promise<readonly Finding[]> {
  const subject = 'contents'
  const paths = makeStoragePaths(config.storageDir)
  const url = config.databaseUrl ?? findRunningEmbeddedPostgres(paths.postgres)
  if (url === undefined)
    return [
      {
        subject,
        state: 'good',
        text: 'not compared with the database, which does not run; "npx reprise doctor --repair" starts it',
      },
    ]
  try {
    if ((await inspectMigrations(url)).pending.length > 0)
      return [
        { subject, state: 'note', text: 'not compared with the database before its migrations are applied' },
      ]
    const log = makeLogger('silent')
    const prisma = makeDatabase(url, { log, poolSize: 2 })
    const found = await compareStorage({
      paths,
      prisma,
      log,
      mediaDir: config.mediaDir,
      store: new FileStore(config.mediaDir),
      rebuild: () => Promise.reject(new Error('the doctor only looks')),
      remakePictures: () => Promise.reject(new Error('the doctor only looks')),
    }).finally(() => prisma.$disconnect())
    if (found.length === 0) return [{ subject, state: 'good', text: 'storage and database agree' }]
    return found.map(({ subject, state, text, repair }) => ({
      subject,
      state,
      text: repair ? `${text}\n"npx reprise doctor --repair" can ${repair.what}.` : text,
    }))
  } catch (error) {
    return [{ subject, state: 'bad', text: `cannot be compared: ${describeError(error)}` }]
  }
}

function isRunning(storageDir: string): boolean {
  try {
    const lock = tryLockStorage(storageDir)
    lock?.[Symbol.dispose]()
    return lock === undefined
  } catch {
    return false
  }
}
