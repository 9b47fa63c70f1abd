/**
 * The program's TypeScript is run as it is, by type stripping: that takes Node 22.18. A pinned Node 24 comes
 * as a package and stands first on the PATH of npm's scripts; where there is none for a platform, or it does
 * not run, the machine's own Node has to be new enough.
 */
import { existsSync, rmSync } from 'node:fs'
import {
  LOCKFILE,
  PROGRAM_NODE,
  programNodePath,
  readStamp,
  readText,
  sha256,
  writeStamp,
} from './places.mjs'
import { run } from './process.mjs'
import { SetupError, say } from './report.mjs'

const STAMP = 'program-node'
const OLDEST = [22, 18]
const stamp = () =>
  `${sha256(readText(LOCKFILE))} ${programNodePath()}${existsSync(PROGRAM_NODE) ? '' : ` ${process.version}`}`

/** @param {string} version such as "v24.21.0" */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

/** @type {import('./steps.mjs').Step} */
export const programNode = {
  isFresh: () => readStamp(STAMP) === stamp(),

  async refresh() {
    const path = programNodePath()
    const { ok, output } =
      path === process.execPath ? { ok: true, output: process.version } : await run(path, ['--version'])
    if (!(ok && isNewEnough(output.trim()))) {
      if (!isNewEnough(process.version)) {
        throw new SetupError(
          `Reprise runs on Node ${OLDEST.join('.')} or newer. The Node 24 it brings does not run on this machine, and this is Node ${process.versions.node}: install a newer one from https://nodejs.org/`,
        )
      }
      say(`The Node 24 that Reprise brings does not run here; using Node ${process.versions.node}.`)
      rmSync(PROGRAM_NODE, { force: true })
    }
    writeStamp(STAMP, stamp())
  },
}
