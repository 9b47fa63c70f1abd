#!/usr/bin/env node
/**
 * What `npx reprise` runs. Plain JavaScript, for any Node from 20 on: hands over to the program on the Node
 * that can run its TypeScript, with the same arguments, signals and exit code.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const src = dirname(fileURLToPath(import.meta.url))
const pinned = join(src, '..', 'node_modules', '.bin', 'node')

if (!existsSync(join(src, '..', 'node_modules'))) {
  console.error('Reprise is not set up yet: run "npm start" once.')
  process.exitCode = 1
} else {
  const child = spawn(
    existsSync(pinned) ? pinned : process.execPath,
    [join(src, 'main.ts'), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  )
  // A terminal sends its signals to both; the others are passed on. Either way the program decides when to end.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {})
  child.on('error', (error) => {
    console.error(`Reprise could not be started: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143)
  })
}
