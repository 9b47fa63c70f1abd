/**
 * Everything `npm start` and `npm test` need before the program can run, on a fresh clone. Plain JavaScript:
 * it runs on the machine's own Node, before anything is installed. `--test`: also what only the tests need.
 *
 * Nothing is imported before the version is known, so that an old Node says this line and not a syntax error.
 */
const OLDEST_NODE = 20
const installed = Number(process.versions.node.split('.')[0])

if (installed < OLDEST_NODE) {
  console.error(
    `Reprise needs Node ${OLDEST_NODE} or newer; this is Node ${process.versions.node}. Get one from https://nodejs.org/`,
  )
  process.exitCode = 1
} else {
  import('./install/steps.mjs').then((steps) => steps.install({ forTests: process.argv.includes('--test') }))
}
