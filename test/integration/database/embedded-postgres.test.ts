import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findRunningEmbeddedPostgres, openEmbeddedPostgres } from '../../../src/database/embedded-postgres.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'

const log = makeLogger('silent')
let dir: string
let open: AsyncDisposableStack

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-embedded-'))
  open = new AsyncDisposableStack()
  open.defer(() => rmSync(dir, { recursive: true, force: true }))
})
afterEach(() => open.disposeAsync())

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A process that ended but was not reaped by its parent yet still has an entry, with an empty command line. */
const isRunning = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

it('makes a cluster that listens on no port, is durable, and knows Unicode', async () => {
  const server = open.use(await openEmbeddedPostgres(dir, { log }))
  const [row] = await query(
    server.url,
    `SELECT current_setting('listen_addresses') AS listen, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages,
      current_setting('data_checksums') AS checksums, current_setting('max_connections') AS connections, lower('ÄÖÉ') AS lower`,
  )
  expect(row).toEqual({
    listen: '',
    fsync: 'on',
    commit: 'on',
    pages: 'on',
    checksums: 'on',
    connections: '100',
    lower: 'äöé',
  })
  await expect(query(server.url.replace(/:[^:@]*@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/)
})

it('is stopped by its disposal, leaves no process, and keeps what was written', async () => {
  const first = await openEmbeddedPostgres(dir, { log })
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first[Symbol.asyncDispose]()
  expect(isRunning(first.pid)).toBe(false)
  expect(findRunningEmbeddedPostgres(dir)).toBeUndefined()
  const second = open.use(await openEmbeddedPostgres(dir, { log }))
  expect(second.adopted).toBe(false)
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

/** The pid of a server whose program was killed. */
async function leaveServer(): Promise<number> {
  const module = path.resolve(import.meta.dirname, '../../../src/database/embedded-postgres.ts')
  const script = `
    import { openEmbeddedPostgres } from ${JSON.stringify(module)}
    const server = await openEmbeddedPostgres(${JSON.stringify(dir)}, { log: undefined })
    process.stdout.write(String(server.pid) + '\\n')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGKILL')
  await once(child, 'exit')
  return Number(said.toString())
}

it('adopts the server that a killed program left', async () => {
  const pid = await leaveServer()
  const server = open.use(await openEmbeddedPostgres(dir, { log }))
  expect(server).toMatchObject({ adopted: true, pid })
  expect(findRunningEmbeddedPostgres(dir)).toBe(server.url)
})

it('brings the server back whenever it is killed, with what was committed, at the same address', async () => {
  const server = open.use(await openEmbeddedPostgres(dir, { log }))
  await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  for (let time = 0; time < 2; time++) {
    const { pid } = server
    process.kill(pid, 'SIGKILL')
    await expect
      .poll(() => query(server.url, 'SELECT answer FROM kept').catch(() => undefined))
      .toEqual([{ answer: 42 }])
    await expect.poll(() => server.pid).not.toBe(pid)
  }
})

it('ends a server that hangs and starts another, and nobody waits for ever meanwhile', async () => {
  const patience = { everyMs: 50, timeoutMs: 1000, unanswered: 2 }
  const server = open.use(await openEmbeddedPostgres(dir, { log, patience }))
  await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const { pid } = server
  const client = new pg.Client({ connectionString: server.url })
  client.on('error', () => {})
  await client.connect()
  const own = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0
  // As when the machine's memory or its disk stands still: alive, and silent.
  for (const one of [own, pid]) process.kill(one, 'SIGSTOP')
  await expect(client.query('SELECT 1')).rejects.toThrow()
  await expect.poll(() => server.pid).not.toBe(pid)
  // So impatient, it may take a slow one for a hanging one.
  await expect
    .poll(() => query(server.url, 'SELECT answer FROM kept').catch(() => undefined))
    .toEqual([{ answer: 42 }])
  expect([pid, own].filter(isRunning)).toEqual([])
})

it('stops a server that hangs', async () => {
  const server = await openEmbeddedPostgres(dir, { log, stopTimeoutMs: 200 })
  process.kill(server.pid, 'SIGSTOP')
  await server[Symbol.asyncDispose]()
  expect(isRunning(server.pid)).toBe(false)
})

it('brings an adopted server back as well, and stops the one it brought back', async () => {
  const left = await leaveServer()
  const server = await openEmbeddedPostgres(dir, { log })
  expect(server).toMatchObject({ adopted: true, pid: left })
  process.kill(left, 'SIGKILL')
  await expect.poll(() => server.pid).not.toBe(left)
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await server[Symbol.asyncDispose]()
  expect(isRunning(server.pid)).toBe(false)
  expect(findRunningEmbeddedPostgres(dir)).toBeUndefined()
})

it('can be stopped while its server is away', async () => {
  const server = await openEmbeddedPostgres(dir, { log })
  process.kill(server.pid, 'SIGKILL')
  await expect.poll(() => isRunning(server.pid)).toBe(false)
  await server[Symbol.asyncDispose]()
  expect(findRunningEmbeddedPostgres(dir)).toBeUndefined()
})

it('starts although the pid in a stale pid file belongs to a stranger by now', async () => {
  const first = await openEmbeddedPostgres(dir, { log })
  const pidFile = path.join(dir, 'data', 'postmaster.pid')
  await first[Symbol.asyncDispose]()
  writeFileSync(pidFile, `${process.pid}\n${dir}/data\n1700000000\n5432\n${dir}/socket\n\n\nready\n`)
  const second = open.use(await openEmbeddedPostgres(dir, { log }))
  expect(second.pid).not.toBe(process.pid)
})

it('gives six racing first starts the same server', async () => {
  const servers = await Promise.all(Array.from({ length: 6 }, () => openEmbeddedPostgres(dir, { log })))
  // All at once: whoever is left would bring the server back.
  open.defer(async () => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  })
  expect(new Set(servers.map((server) => server.pid)).size).toBe(1)
  expect(new Set(servers.map((server) => server.url)).size).toBe(1)
  expect(readdirSync(dir).filter((name) => name.includes('making'))).toEqual([])
})

it('clears what a first start left that was killed while making the cluster', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  mkdirSync(path.join(dir, `data.making-${child.pid}-abcdef`))
  open.use(await openEmbeddedPostgres(dir, { log }))
  expect(readdirSync(dir)).not.toContain(`data.making-${child.pid}-abcdef`)
})

it('says what the log says when the server does not start', async () => {
  const settings = { shared_buffers: 'nonsense' }
  const failure = await openEmbeddedPostgres(dir, { log, settings, giveUpMs: 0 }).catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({
    code: 'database-unavailable',
    message: expect.stringContaining('shared_buffers'),
  })
})

it('works in a folder whose path is too long for a unix socket', async () => {
  const deep = path.join(dir, 'a'.repeat(60), 'b'.repeat(60))
  const server = open.use(await openEmbeddedPostgres(deep, { log }))
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await server[Symbol.asyncDispose]()
  expect(isRunning(server.pid)).toBe(false)
})
