/** Runs a tool to its end, keeping its output for the case that it fails. */
import { spawn } from 'node:child_process'
import { ROOT } from './places.mjs'

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string | undefined>, onLine?: (line: string) => void, statusFd?: boolean }} [options]
 *   `onLine` gets every line of the output, and of descriptor 3 when `statusFd` is set.
 * @returns {Promise<{ ok: boolean, output: string }>} a tool that cannot be started counts as failed
 */
export function run(command, args, { env, onLine, statusFd } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(statusFd ? [/** @type {const} */ ('pipe')] : [])],
    })
    let output = ''
    for (const stream of child.stdio.slice(1)) {
      let rest = ''
      stream?.on('data', (data) => {
        const lines = (rest + data).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onLine?.(line)
        if (stream !== child.stdio[3]) output = (output + data).slice(-200_000)
      })
    }
    child.on('error', (error) => resolve({ ok: false, output: `${output}\n${error.message}` }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}
