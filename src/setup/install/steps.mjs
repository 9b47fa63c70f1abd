/**
 * The steps of the set-up, in order. Each knows whether it is fresh (cheap: file hashes and stamps, no
 * process started) and how to become so. When all are fresh nothing is written and nothing is printed.
 */
import { browser } from './browser.mjs'
import { ffmpeg } from './ffmpeg.mjs'
import { withSetupLock } from './lock.mjs'
import { packages } from './packages.mjs'
import { prismaClient } from './prisma-client.mjs'
import { programNode } from './program-node.mjs'
import { SetupError, say } from './report.mjs'
import { stopWhenTold } from './stop.mjs'
import { web } from './web.mjs'

/**
 * @typedef {{ forTests: boolean }} Options
 * @typedef {{
 *   isFresh: (options: Options) => boolean,
 *   refresh: (options: Options) => void | Promise<void>,
 * }} Step
 */

/** @param {Options} options */
export async function install(options) {
  /** @type {Step[]} */
  const steps = [...(options.forTests ? [browser] : []), packages, programNode, ffmpeg, prismaClient, web]
  try {
    if (steps.every((step) => step.isFresh(options))) return
    stopWhenTold()
    await withSetupLock(async () => {
      for (const step of steps) {
        // Another set-up may have done it while we waited for the lock.
        if (!step.isFresh(options)) await step.refresh(options)
      }
    })
  } catch (error) {
    say(
      error instanceof SetupError
        ? error.message
        : `The set-up failed: ${error instanceof Error ? error.stack : error}`,
    )
    process.exitCode = 1
  }
}
