/**
 * What `npm test` runs once everything is installed: every check, to the end even when one fails, then a
 * summary. `npm test -- unit lint` runs only those; `npm run test:long` what takes an hour.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { FAILURES_FILE } from './support/failure-list.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const BIN = path.join(ROOT, 'node_modules', '.bin')

interface Check {
  readonly name: string
  readonly command: readonly [tool: string, ...args: string[]]
  /** Long ones show what they do; of the others the output is shown only when they fail. */
  readonly live?: boolean
  /** Takes too long for every time, or needs programs that few machines have. */
  readonly onlyWhenNamed?: boolean
}

const CHECKS: readonly Check[] = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'types-web', command: ['tsc', '--noEmit', '-p', 'web'] },
  { name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'lint-promises', command: ['eslint', '.'] },
  { name: 'unused', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'architecture', command: ['vitest', 'run', '--project', 'architecture'] },
  { name: 'unit', command: ['vitest', 'run', '--project', 'unit'], live: true },
  { name: 'integration', command: ['vitest', 'run', '--project', 'integration'], live: true },
  { name: 'e2e', command: ['vitest', 'run', '--project', 'e2e'], live: true },
  { name: 'long', command: ['vitest', 'run', '--project', 'long'], live: true, onlyWhenNamed: true },
]

interface Outcome {
  readonly name: string
  readonly passed: boolean
  readonly seconds: number
}

const AT_ONCE = 2

/** In order of being named, however long each takes. */
async function together(checks: readonly Check[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const left = [...checks.entries()]
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) outcomes[next[0]] = await run(next[1])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return outcomes
}

async function run({ name, command: [tool, ...args], live = false }: Check): Promise<Outcome> {
  const startedMs = performance.now()
  const seconds = () => (performance.now() - startedMs) / 1000
  if (live) console.log(`\n── ${name}`)
  const binary = path.join(BIN, tool)
  if (!existsSync(binary)) {
    console.error(`${tool} is not installed: run "npm test", which installs it.`)
    return { name, passed: false, seconds: seconds() }
  }
  const { passed, output } = await execute(binary, args, live)
  if (!live) console.log(`\n── ${name}: ${passed ? 'passed' : 'FAILED'}`)
  if (!passed) console.log(output)
  return { name, passed, seconds: seconds() }
}

function execute(
  binary: string,
  args: readonly string[],
  live: boolean,
): Promise<{ passed: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(binary, args, {
      cwd: ROOT,
      stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      // The pinned Node first: the tools' first line asks the PATH for one.
      env: { ...process.env, PATH: `${BIN}${path.delimiter}${process.env.PATH ?? ''}` },
    })
    let output = ''
    child.stdout?.on('data', (data: Buffer) => {
      output += data
    })
    child.stderr?.on('data', (data: Buffer) => {
      output += data
    })
    child.on('error', (error) => resolve({ passed: false, output: error.message }))
    child.on('close', (code) => resolve({ passed: code === 0, output }))
  })
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !CHECKS.some((check) => check.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no check "${unknown.join('", "')}". There are: ${CHECKS.map(({ name }) => name).join(', ')}.`,
  )
  process.exitCode = 2
} else {
  rmSync(FAILURES_FILE, { force: true })
  const asked = CHECKS.filter(({ name, onlyWhenNamed }) =>
    wanted.length === 0 ? !onlyWhenNamed : wanted.includes(name),
  )
  // What only reads the source keeps one processor busy each.
  const outcomes = [...(await together(asked.filter(({ live }) => !live)))]
  for (const check of asked.filter(({ live }) => live)) outcomes.push(await run(check))
  console.log('\n── summary')
  for (const { name, passed, seconds } of outcomes) {
    console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s`)
  }
  const failed = outcomes.filter(({ passed }) => !passed).length
  console.log(`${outcomes.length - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
  if (existsSync(FAILURES_FILE)) console.log(`\n── what failed\n${readFileSync(FAILURES_FILE, 'utf8')}`)
}
