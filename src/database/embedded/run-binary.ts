/** Runs one of PostgreSQL's tools to its end. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import type { ServerUser } from './server-user.ts'

/** Nothing of ours: neither our settings nor our locale and time zone are PostgreSQL's. */
export const BINARY_ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Throws an Error with the tool's last words when it does not exit with 0. */
export function runBinary(binary: string, args: readonly string[], user: ServerUser): Promise<void> {
  const command = [...user.wrapper, binary, ...args]
  return new Promise((resolve, reject) => {
    execFile(
      command[0] as string,
      command.slice(1),
      // The server's user may be unable to stand where we do.
      { cwd: '/', env: BINARY_ENVIRONMENT, maxBuffer: 2 ** 20, ...(user.spawnAs ?? {}) },
      (error, stdout, stderr) => {
        if (!error) return resolve()
        const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-4).join(' | ')
        reject(
          new Error(`${path.basename(binary)} failed (${error.code ?? error.signal}): ${last}`, {
            cause: error,
          }),
        )
      },
    )
  })
}
