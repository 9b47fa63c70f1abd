/** Servers that are measured run as processes of their own; stopped by the id they were started with. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 10_000

export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly pid: number
  /** The end of what it printed, both streams. */
  readonly output: () => string
}

export function startServerProcess(program: string, args: readonly string[], cwd?: string): ServerProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000)
    })
  child.on('error', (error) => {
    output += error.message
  })
  if (child.pid === undefined) throw new Error(`${program} could not be started`)
  return {
    child,
    pid: child.pid,
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(late)
    },
  }
}

/** Starts one of our scripts; resolves with the JSON of the first line it prints. */
export async function startScript<T>(
  script: string,
  args: readonly string[],
): Promise<ServerProcess & { readonly ready: T }> {
  const server = startServerProcess(process.execPath, [script, ...args])
  const ready = await within(server, () => {
    const line = /^(\{.*\})$/m.exec(server.output())?.[1]
    return Promise.resolve(line === undefined ? undefined : (JSON.parse(line) as T))
  })
  return { ...server, ready }
}

/** Runs one of our scripts to its end; resolves with the JSON of the last line it printed. */
export async function runScript<T>(script: string, args: readonly string[]): Promise<T> {
  await using server = startServerProcess(process.execPath, [script, ...args])
  const [code] = (await once(server.child, 'close')) as [number | null]
  const line = server.output().trim().split('\n').at(-1) ?? ''
  if (code !== 0 || !line.startsWith('{')) throw new Error(`${script} failed:\n${server.output()}`)
  return JSON.parse(line) as T
}

/** Resolves when somebody listens on that port of 127.0.0.1. */
export function listening(server: ServerProcess, port: number): Promise<true> {
  return within(server, async () => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const accepted = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      once(socket, 'close').then(() => false),
    ])
    socket.destroy()
    return accepted ? true : undefined
  })
}

async function within<T>(server: ServerProcess, look: () => Promise<T | undefined>): Promise<T> {
  const until = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (server.child.exitCode !== null || performance.now() > until) {
      await server[Symbol.asyncDispose]()
      throw new Error(`${server.child.spawnargs.join(' ')} did not start:\n${server.output()}`)
    }
    await delay(20)
  }
}
