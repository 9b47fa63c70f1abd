/** The database client, generated from prisma/schema.prisma into src/database/generated. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { MODULES, programNodePath, ROOT, readText, sha256 } from './places.mjs'
import { run } from './process.mjs'
import { lastLines, longStep, SetupError } from './report.mjs'

const GENERATED = path.join(ROOT, 'src/database/generated')
const STAMP = path.join(GENERATED, '.stamp')

function key() {
  const { version } = JSON.parse(readText(path.join(MODULES, 'prisma/package.json')) ?? '{}')
  return `${sha256(readText(path.join(ROOT, 'prisma/schema.prisma')))} ${version}`
}

/** @type {import('./steps.mjs').Step} */
export const prismaClient = {
  isFresh: () => readText(STAMP) === key(),

  async refresh() {
    await longStep('Generating the database client', async () => {
      const { ok, output } = await run(
        programNodePath(),
        [path.join(MODULES, 'prisma/build/index.js'), 'generate'],
        {
          // The engine that migrates is not needed to generate, and cannot be downloaded everywhere.
          env: {
            PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
            PRISMA_HIDE_UPDATE_MESSAGE: '1',
            CHECKPOINT_DISABLE: '1',
          },
        },
      )
      if (!ok) throw new SetupError(`The database client could not be generated:\n${lastLines(output)}`)
      mkdirSync(GENERATED, { recursive: true })
      writeFileSync(STAMP, key())
    })
  },
}
