/** Runs one of PostgreSQL's tools to its end. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import type { ServerUser } from './server-user.ts'

/**
 * Resolves with what the tool printed. Throws an Error with its last lines when it does not exit with 0.
 * The server that `pg_ctl start` leaves behind must not hold our pipes: give it a log file.
 */
export function runBinary(binary: string, args: readonly string[], user: ServerUser): Promise<string> {
  const [command, ...rest] = [...user.wrapper, binary, ...args] as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, {
      // The server's user may be unable to stand where we do; the environment must not change its locale or time.
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(user.spawnAs ?? {}),
    })
    let output = ''
    const collect = (data: Buffer) => {
      output = (output + data.toString()).slice(-8192)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', reject)
    // `exit`, not `close`: the started server may inherit a pipe and would hold `close` back for its whole life.
    child.on('exit', (code, signal) => {
      if (code === 0) return resolve(output)
      const last = output.trim().split('\n').slice(-4).join(' | ')
      reject(new Error(`${path.basename(binary)} ended with ${code ?? signal}: ${last}`))
    })
  })
}
