import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockStorage } from '../../../src/setup/storage-lock.ts'
import { freePort } from '../../support/free-port.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

let storage: string
let children: ChildProcess[]

beforeEach(() => {
  storage = mkdtempSync(path.join(tmpdir(), 'reprise-serve-'))
  children = []
})
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  rmSync(storage, { recursive: true, force: true })
})

interface Run {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  stdout(): string
  stderr(): string
}

async function reprise(args: readonly string[], settings: Record<string, string> = {}): Promise<Run> {
  const env = {
    PATH: process.env.PATH ?? '',
    STORAGE_DIR: storage,
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    RTMP_PORT: String(await freePort()),
    MIN_FREE_BYTES: '0',
    ...settings,
  }
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { child, exited, stdout: () => stdout, stderr: () => stderr }
}

async function untilReady(run: Run): Promise<void> {
  await expect
    .poll(() => run.stdout() || (run.child.exitCode !== null && run.stderr()))
    .toContain('is ready at')
}

const postgresPid = () =>
  Number(readFileSync(path.join(storage, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])
const isRunning = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

it('starts, stops on SIGTERM with exit code 0, and leaves no server behind', async () => {
  const run = await reprise(['serve'])
  await untilReady(run)
  const pid = postgresPid()
  expect(isRunning(pid)).toBe(true)
  run.child.kill('SIGTERM')
  expect(await run.exited).toBe(0)
  expect(isRunning(pid)).toBe(false)
  expect(existsSync(path.join(storage, 'postgres/data/postmaster.pid'))).toBe(false)
})

it('takes a Ctrl-C that arrives twice, as through npm, for one', async () => {
  const run = await reprise(['serve'])
  await untilReady(run)
  run.child.kill('SIGINT')
  run.child.kill('SIGINT')
  expect(await run.exited).toBe(0)
})

it('stops while it is still starting', async () => {
  const run = await reprise(['serve'], { LOG_LEVEL: 'debug' })
  await expect
    .poll(() => existsSync(path.join(storage, 'postgres/data/postmaster.pid')), { interval: 5 })
    .toBe(true)
  const pid = postgresPid()
  run.child.kill('SIGTERM')
  expect(await run.exited).toBe(0)
  expect(isRunning(pid)).toBe(false)
})

it('comes back after kill -9, with the database that stayed', async () => {
  const first = await reprise(['serve'])
  await untilReady(first)
  const pid = postgresPid()
  first.child.kill('SIGKILL')
  await first.exited
  const second = await reprise(['serve'])
  await untilReady(second)
  expect(postgresPid()).toBe(pid)
  second.child.kill('SIGTERM')
  expect(await second.exited).toBe(0)
  expect(isRunning(pid)).toBe(false)
})

it('refuses a storage folder that another one serves, and leaves that one alone', async () => {
  const first = await reprise(['serve'])
  await untilReady(first)
  const second = await reprise(['serve'])
  expect(await second.exited).toBe(1)
  expect(second.stderr()).toMatch(/^STORAGE_DIR: .* is in use by another Reprise \(process \d+/)
  expect(isRunning(postgresPid())).toBe(true)
})

it.each([
  [
    'a database that nobody serves',
    { DATABASE_URL: 'postgresql://someone:hush@127.0.0.1:1/reprise' },
    /^DATABASE_URL: postgresql:\/\/someone@127\.0\.0\.1:1\/reprise cannot be used/,
  ],
  ['a storage folder that cannot be made', { STORAGE_DIR: '/proc/reprise' }, /^STORAGE_DIR: \/proc\/reprise/],
  ['a setting out of range', { PORT: '99999' }, /PORT: /],
  ['an ffmpeg that is none', { FFMPEG_PATH: '/bin/true' }, /^FFMPEG_PATH: \/bin\/true is not ffmpeg/],
])('says in one message what is wrong with %s, with exit code 1', async (_case, settings, message) => {
  const run = await reprise(['serve'], { LOG_LEVEL: 'warn', ...settings })
  expect(await run.exited).toBe(1)
  expect(run.stderr()).toMatch(message)
  expect(run.stderr()).not.toMatch(/^\s+at |hush/m)
})

it.each(['PORT', 'RTMP_PORT'])('names %s when it is taken, and says nothing else', async (setting) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const run = await reprise(['serve'], { LOG_LEVEL: 'warn', [setting]: String(port) })
  expect(await run.exited).toBe(1)
  expect(run.stderr()).toMatch(new RegExp(`^${setting}: .*${port} is in use.*\\n$`))
  other.close()
  await once(other, 'close')
})

it('refuses it also with a database of its own: two would mend the same recordings', async () => {
  using _held = lockStorage(storage)
  const run = await reprise(['serve'], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' })
  expect(await run.exited).toBe(1)
  expect(run.stderr()).toMatch(/in use by another Reprise/)
})

it('doctor finds a fresh machine good, and a taken port bad', async () => {
  const good = await reprise(['doctor'])
  expect(await good.exited).toBe(0)
  expect(good.stdout()).toMatch(/ok +ffmpeg/)
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const bad = await reprise(['doctor'], { PORT: String(port) })
  expect(await bad.exited).toBe(1)
  expect(bad.stdout()).toMatch(new RegExp(`BAD +PORT +PORT: port ${port} is in use`))
  other.close()
  await once(other, 'close')
})

it('exits with 2 on wrong usage', async () => {
  expect(await (await reprise(['dance'])).exited).toBe(2)
})
