/** A real browser for the end-to-end tests: Debian's Chromium. Only `npm test` needs it. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { aptInstall, canUseApt, TEST_TOOLS_ADVICE } from './apt.mjs'
import { run } from './process.mjs'
import { longStep, SetupError } from './report.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** test/support/chromium.ts looks in the same places. */
function findBrowser() {
  const set = process.env.CHROMIUM_PATH
  if (set) return existsSync(set) ? set : undefined
  const folders = ['/usr/bin', '/usr/local/bin', '/snap/bin', ...(process.env.PATH ?? '').split(':')]
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) =>
    existsSync(file),
  )
}

/** @type {import('./steps.mjs').Step} */
export const browser = {
  isFresh: () => findBrowser() !== undefined,

  async refresh() {
    if (process.env.CHROMIUM_PATH)
      throw new SetupError(`CHROMIUM_PATH: there is no ${process.env.CHROMIUM_PATH}.`)
    const advice = `The end-to-end tests need Chromium.\n${TEST_TOOLS_ADVICE}\nor set CHROMIUM_PATH to one that is installed elsewhere.`
    if (!canUseApt()) throw new SetupError(advice)
    const installed = await longStep('Installing Chromium with apt, for the tests', (progress) =>
      aptInstall('chromium', progress),
    )
    if (!installed.ok) throw new SetupError(`apt could not install it:\n${installed.why}\n${advice}`)
    const found = findBrowser()
    const started = found ? await run(found, ['--version']) : { ok: false, output: 'it was not found' }
    if (!started.ok) throw new SetupError(`Chromium was installed but does not run: ${started.output.trim()}`)
  },
}
