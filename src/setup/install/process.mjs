/** Runs a tool to its end, keeping its output for the case that it fails. */
import { spawn } from 'node:child_process'
import { ROOT } from './places.mjs'

/** Those that may be ended. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
/** The ends of those that may not. @type {Set<Promise<unknown>>} */
const finishing = new Set()
let isEnding = false

/** SIGTERM to every tool that runs; none is started any more. Returns the ends of those that have to finish. */
export function endTools() {
  isEnding = true
  for (const child of running) child.kill()
  return [...finishing]
}

/**
 * @typedef {{
 *   env?: Record<string, string | undefined>,
 *   onLine?: (line: string) => void,
 *   statusFd?: boolean,
 *   hasToFinish?: boolean,
 * }} RunOptions
 *   `onLine` gets every line of the output, and of descriptor 3 when `statusFd` is set. `hasToFinish`: ended
 *   halfway it would leave the machine worse than before; it is out of reach of a terminal's Ctrl-C as well.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} a tool that cannot be started counts as failed
 */
export function run(command, args, { env, onLine, statusFd, hasToFinish = false } = {}) {
  /** @type {PromiseWithResolvers<{ ok: boolean, output: string }>['resolve']} */
  let resolve = () => {}
  /** @type {Promise<{ ok: boolean, output: string }>} */
  const ended = new Promise((settle) => {
    resolve = settle
  })
  // The program is about to exit: nothing follows.
  if (isEnding) return ended
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    detached: hasToFinish,
    stdio: ['ignore', 'pipe', 'pipe', ...(statusFd ? [/** @type {const} */ ('pipe')] : [])],
  })
  if (hasToFinish) finishing.add(ended)
  else running.add(child)
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
  /** @param {{ ok: boolean, output: string }} result */
  const end = (result) => {
    running.delete(child)
    finishing.delete(ended)
    resolve(result)
  }
  child.on('error', (error) => end({ ok: false, output: `${output}\n${error.message}` }))
  child.on('close', (code) => end({ ok: code === 0, output }))
  return ended
}
