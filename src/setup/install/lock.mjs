/** One set-up at a time in one tree: two `npm start` at once must not both rewrite node_modules. */
import { linkSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ROOT, readText } from './places.mjs'
import { SetupError, say } from './report.mjs'

const LOCK = path.join(ROOT, '.setup.lock')
const LOOK_AGAIN_MS = 200

/** @param {() => Promise<void>} work */
export async function withSetupLock(work) {
  let told = false
  while (!take()) {
    const holder = Number(readText(LOCK))
    if (holder > 0 && !isAlive(holder)) {
      rmSync(LOCK, { force: true })
      continue
    }
    if (!told) say(`Another set-up is at work here (process ${holder}): waiting for it …`)
    told = true
    await delay(LOOK_AGAIN_MS)
  }
  process.once('exit', () => rmSync(LOCK, { force: true }))
  await work()
}

/** A file that appears with its content or not at all. */
function take() {
  const own = `${LOCK}.${process.pid}`
  try {
    writeFileSync(own, String(process.pid))
    linkSync(own, LOCK)
    return true
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'EEXIST') return false
    throw new SetupError(
      `The set-up cannot write to ${ROOT} (${code}). Run it as the user who owns the folder.`,
    )
  } finally {
    rmSync(own, { force: true })
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
