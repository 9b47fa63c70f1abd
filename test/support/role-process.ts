/** Parts of the program, each a process of its own, on one storage folder and one database. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type FirstRun, signIn } from './program.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** What the parts share. */
export interface Installation {
  readonly storageDir: string
  readonly databaseUrl: string
  readonly port: number
  readonly rtmpPort: number
  readonly env?: Readonly<Record<string, string>>
}

export interface RoleProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** Everything it printed so far, both streams. */
  readonly output: () => string
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

/** Resolves when it says that it is ready; rejects when it ends before. */
export async function startRole(
  installation: Installation,
  roles: string,
  options: {
    readonly env?: Readonly<Record<string, string>>
    /** A program that becomes ours, with its arguments: taskset and the like. */
    readonly front?: readonly string[]
  } = {},
): Promise<RoleProcess> {
  const [program = process.execPath, ...args] = [
    ...(options.front ?? []),
    ...[process.execPath, 'src/main.ts', 'serve', '--role', roles],
  ]
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      STORAGE_DIR: installation.storageDir,
      DATABASE_URL: installation.databaseUrl,
      HOST: '127.0.0.1',
      PORT: String(installation.port),
      RTMP_PORT: String(installation.rtmpPort),
      MIN_FREE_BYTES: '0',
      WORKER_CONCURRENCY: '1',
      ...installation.env,
      ...options.env,
    },
  })
  let output = ''
  const ready = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (stream === child.stdout && output.includes('Runs here')) ready.resolve()
    })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  void exited.then((code) => ready.reject(new Error(`--role ${roles} ended with ${code}:\n${output}`)))
  await ready.promise
  const end = (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return exited
  }
  return {
    child,
    output: () => output,
    stop: () => end('SIGTERM'),
    async kill() {
      await end('SIGKILL')
    },
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
    },
  }
}

/** Requests as the administrator that the first start made; they outlive the web's process. */
export async function administer({ storageDir, port }: Installation) {
  const site = `http://127.0.0.1:${port}`
  const firstRun = JSON.parse(await readFile(path.join(storageDir, 'first-run.json'), 'utf8')) as FirstRun
  const cookie = await signIn(site, firstRun)
  return {
    site,
    streamKey: firstRun.streamKey,
    /** JSON; throws on an answer that is not 2xx. */
    async api<T>(route: string, init: RequestInit = {}): Promise<T> {
      const response = await fetch(`${site}/api/v1${route}`, {
        ...init,
        headers: { cookie, origin: site, ...init.headers },
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${route}: ${response.status} ${text}`)
      return JSON.parse(text) as T
    },
  }
}
