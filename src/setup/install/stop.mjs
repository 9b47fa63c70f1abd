/**
 * The set-up ends, with the tools it runs, when it is told to or when the shell that runs it is gone: npm
 * passes a SIGTERM on to that shell alone, and what it ran would go on installing for nobody.
 */
import { endTools } from './process.mjs'
import { say } from './report.mjs'

const LOOK_EVERY_MS = 250

export function stopWhenTold() {
  const parent = process.ppid
  let told = false
  const stop = async () => {
    if (told) return
    told = true
    const finishing = endTools()
    if (finishing.length > 0) say('Stopping as soon as what is being unpacked is in place …')
    await Promise.all(finishing)
    process.exit(1)
  }
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, stop)
  setInterval(() => {
    if (process.ppid !== parent) stop()
  }, LOOK_EVERY_MS).unref()
}
