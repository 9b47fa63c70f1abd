/** The web pages, built by Vite from web/ into web/dist. Built aside, so that a failed build leaves the old one. */

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { LOCKFILE, MODULES, programNodePath, ROOT, readText } from './places.mjs'
import { run } from './process.mjs'
import { lastLines, longStep, SetupError } from './report.mjs'

const WEB = path.join(ROOT, 'web')
const DIST = path.join(WEB, 'dist')
const STAMP = path.join(DIST, '.stamp')
/** The wire shapes are the only part of the server that the pages import. */
const SOURCES = [WEB, path.join(ROOT, 'src/delivery/contract')]

/** @type {import('./steps.mjs').Step} */
export const web = {
  isFresh: () => !existsSync(path.join(WEB, 'index.html')) || readText(STAMP) === hashSources(),

  async refresh() {
    await longStep('Building the web pages', async () => {
      const hash = hashSources()
      const aside = path.join(WEB, `dist-${process.pid}`)
      try {
        const { ok, output } = await run(programNodePath(), [
          ...[path.join(MODULES, 'vite/bin/vite.js'), 'build', WEB],
          ...['--outDir', aside, '--emptyOutDir', '--logLevel', 'warn'],
        ])
        if (!ok) throw new SetupError(`The web pages could not be built:\n${lastLines(output, 20)}`)
        writeFileSync(path.join(aside, '.stamp'), hash)
        rmSync(DIST, { recursive: true, force: true })
        renameSync(aside, DIST)
      } finally {
        rmSync(aside, { recursive: true, force: true })
      }
    })
  },
}

function hashSources() {
  const hash = createHash('sha256').update(readFileSync(LOCKFILE))
  for (const source of SOURCES) {
    for (const file of listFiles(source))
      hash.update(path.relative(ROOT, file)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

/** @param {string} folder @returns {string[]} */
function listFiles(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name === 'node_modules' || /^dist(-\d+)?$/.test(entry.name)) return []
      const file = path.join(folder, entry.name)
      return entry.isDirectory() ? listFiles(file) : [file]
    })
}
