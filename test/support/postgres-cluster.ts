/** A throwaway PostgreSQL cluster in the temporary folder: fast, because it need not survive anything. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { mayBeServing, readPostmaster } from '../../src/database/embedded/postmaster.ts'
import { openEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { applyMigrations } from '../../src/database/migrations.ts'
import { makeLogger } from '../../src/kernel/logger.ts'

export interface TestCluster extends AsyncDisposable {
  readonly serverUrl: string
  readonly template: string
}

const TEMPLATE = 'reprise_template'
const PREFIX = 'reprise-test-postgres-'
const NOT_DURABLE = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
}

export async function startTestCluster(options: { readonly migrated: boolean }): Promise<TestCluster> {
  await sweepOrphans()
  const log = makeLogger('warn')
  const dir = await mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`))
  await using starting = new AsyncDisposableStack()
  starting.defer(() => rm(dir, { recursive: true, force: true }))
  const server = starting.use(
    await openEmbeddedPostgres(dir, { database: TEMPLATE, durable: false, settings: NOT_DURABLE, log }),
  )
  if (options.migrated) await applyMigrations(server.url, { log })
  const serverUrl = new URL(server.url)
  serverUrl.pathname = '/postgres'
  const started = starting.move()
  return {
    serverUrl: serverUrl.href,
    template: TEMPLATE,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

/** Ends clusters whose test run was killed. */
async function sweepOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const runPid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0
    if (runPid !== 0 && !isAlive(runPid)) await sweepOrphan(path.join(tmpdir(), name))
  }
}

async function sweepOrphan(dir: string): Promise<void> {
  try {
    const postmaster = readPostmaster(path.join(dir, 'data'))
    if (postmaster && mayBeServing(postmaster, path.join(dir, 'data')))
      process.kill(postmaster.pid, 'SIGQUIT')
    await rm(dir, { recursive: true, force: true })
  } catch (error) {
    // Another user's, or it is going just now: theirs to clear, or the next run's.
    makeLogger('warn').warn({ err: error, dir }, 'what a killed test run left could not be cleared')
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
