/** The whole program as a person starts it: its own process, storage folder, ports and database. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const PATIENCE_MS = 120_000

export interface FirstRun {
  readonly email: string
  readonly password: string
  readonly streamKey: string
}

export interface Program {
  readonly site: string
  readonly storageDir: string
  readonly port: number
  readonly rtmpPort: number
  readonly firstRun: FirstRun
  readonly child: ChildProcess
  /** Everything it printed so far, both streams. */
  readonly output: () => string
  readonly publishUrl: string
  /** JSON of a request as the admin; throws on an answer that is not 2xx. */
  api<T>(path: string, init?: RequestInit): Promise<T>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL to the program alone: the database it started stays, as after a crash. */
  kill(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ProgramOptions {
  /** Reused after a kill; made and removed otherwise. */
  readonly storageDir?: string
  readonly env?: Readonly<Record<string, string>>
  /** Ports to come back on after a restart. */
  readonly ports?: { readonly port: number; readonly rtmpPort: number }
}

export async function startProgram(options: ProgramOptions = {}): Promise<Program> {
  const storageDir = options.storageDir ?? (await mkdtemp(path.join(tmpdir(), 'reprise-e2e-')))
  const port = options.ports?.port ?? (await freePort())
  const rtmpPort = options.ports?.rtmpPort ?? (await freePort())
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      STORAGE_DIR: storageDir,
      HOST: '127.0.0.1',
      PORT: String(port),
      RTMP_PORT: String(rtmpPort),
      MIN_FREE_BYTES: '0',
      ...options.env,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const site = `http://127.0.0.1:${port}`
  await ready(site, child, () => output)
  const firstRun = JSON.parse(await readFile(path.join(storageDir, 'first-run.json'), 'utf8')) as FirstRun
  const cookie = await signIn(site, firstRun)
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    return exited
  }
  return {
    site,
    storageDir,
    port,
    rtmpPort,
    firstRun,
    child,
    output: () => output,
    publishUrl: `rtmp://127.0.0.1:${rtmpPort}/live/${firstRun.streamKey}`,
    stop,
    async api<T>(route: string, init: RequestInit = {}): Promise<T> {
      const headers = new Headers(init.headers)
      headers.set('cookie', cookie)
      headers.set('origin', site)
      const response = await fetch(`${site}/api/v1${route}`, { ...init, headers })
      const text = await response.text()
      if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${route}: ${response.status} ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async [Symbol.asyncDispose]() {
      await stop()
      if (options.storageDir === undefined) await rm(storageDir, { recursive: true, force: true })
    },
  }
}

async function ready(site: string, child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the program exited with ${child.exitCode}:\n${output()}`)
    const answer = await fetch(`${site}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    if (Date.now() > until) throw new Error(`the program was not ready in ${PATIENCE_MS} ms:\n${output()}`)
    await delay(50)
  }
}

/** The cookie of that person. */
export async function signIn(
  site: string,
  { email, password }: Pick<FirstRun, 'email' | 'password'>,
): Promise<string> {
  const response = await fetch(`${site}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: site },
    body: JSON.stringify({ email, password }),
  })
  if (!response.ok) throw new Error(`sign-in: ${response.status} ${await response.text()}`)
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

/**
 * Asks again until the answer satisfies; fails with the last answer. For states that events lead to: the
 * limit is for what never comes, on a machine however busy.
 */
export async function until<T>(
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (satisfied(answer)) return answer
    if (Date.now() > end)
      throw new Error(`not within ${timeoutMs} ms; last: ${JSON.stringify(answer)?.slice(0, 2000)}`)
    await delay(100)
  }
}

/** A command of the command line beside the running program, on its storage folder. Rejects when it fails. */
export function command(
  program: Program,
  ...args: readonly string[]
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['src/main.ts', ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      STORAGE_DIR: program.storageDir,
      PORT: String(program.port),
      RTMP_PORT: String(program.rtmpPort),
    },
  })
}
