/** What the set-up says, on stderr: one line when a long step begins, its progress, one line when it is done. */

import { stripVTControlCharacters } from 'node:util'

/** A failure that was foreseen: its message is for a person, without a stack. */
export class SetupError extends Error {}

const EVERY_MS = 5_000
const isTerminal = process.stderr.isTTY === true

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/**
 * Runs a long step. `progress(text)` may be called often: a terminal shows each, a log gets one line in five seconds.
 *
 * @template T
 * @param {string} doing such as "Installing packages"
 * @param {(progress: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function longStep(doing, work) {
  const startedMs = performance.now()
  const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
  let latest = ''
  const show = () => {
    const line = `  … ${latest ? `${latest}, ` : ''}${seconds()}`
    process.stderr.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`)
  }
  say(`${doing} …`)
  const timer = setInterval(show, isTerminal ? 250 : EVERY_MS)
  try {
    const result = await work((text) => {
      latest = text
    })
    clearInterval(timer)
    say(`${isTerminal ? '\r\x1b[K' : ''}  done in ${seconds()}`)
    return result
  } finally {
    clearInterval(timer)
  }
}

/**
 * The last lines of a tool's output, fit to print: no colours, no stacks, and addresses without their hosts, which
 * may be private to a network.
 *
 * @param {string} output
 */
export function lastLines(output, count = 12) {
  return stripVTControlCharacters(output)
    .replace(/(https?:\/\/)[^\s/'")]+/g, '$1…')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^npm (http|verbose|silly|timing)\b|^\s+at /.test(line))
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n')
}
