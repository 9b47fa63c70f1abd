import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const INSTALL = path.resolve(import.meta.dirname, '../../../src/setup/install')
const PATIENCE = { timeout: 20_000 }

let dir: string
let shell: ChildProcess
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-stop-'))
})
afterEach(() => {
  for (const pid of [pidOf('setup'), pidOf('tool')]) if (isRunning(pid)) process.kill(pid, 'SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

/** As npm does it: a shell that runs the set-up, which runs a tool that takes long. */
async function setUp(options: string): Promise<void> {
  const program = `
    import { writeFileSync } from 'node:fs'
    import { run } from '${INSTALL}/process.mjs'
    import { stopWhenTold } from '${INSTALL}/stop.mjs'
    stopWhenTold()
    writeFileSync('${dir}/setup', String(process.pid))
    await run('sh', ['-c', 'echo $$ > ${dir}/tool; exec sleep 600'], ${options})`
  shell = spawn('sh', ['-c', '"$0" --input-type=module -e "$1" && echo done', process.execPath, program])
  await expect.poll(() => pidOf('tool'), PATIENCE).toBeGreaterThan(0)
}

function pidOf(name: 'setup' | 'tool'): number {
  const file = path.join(dir, name)
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
}

/** A zombie, waiting for whoever inherited it, has no command line. */
function isRunning(pid: number): boolean {
  try {
    return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

it('ends with its tools when the shell that ran it is ended, as by SIGTERM to npm', async () => {
  await setUp('{}')
  shell.kill('SIGTERM')
  await expect.poll(() => isRunning(pidOf('setup')) || isRunning(pidOf('tool')), PATIENCE).toBe(false)
})

it('ends with its tools when it is told so itself', async () => {
  await setUp('{}')
  process.kill(pidOf('setup'), 'SIGTERM')
  await expect.poll(() => isRunning(pidOf('setup')) || isRunning(pidOf('tool')), PATIENCE).toBe(false)
})

it('waits for a tool that has to finish', async () => {
  await setUp('{ hasToFinish: true }')
  let said = ''
  shell.stderr?.on('data', (text) => {
    said += text
  })
  shell.kill('SIGTERM')
  await expect.poll(() => said, PATIENCE).toMatch(/^Stopping as soon as/)
  expect([isRunning(pidOf('setup')), isRunning(pidOf('tool'))]).toEqual([true, true])
  process.kill(pidOf('tool'), 'SIGKILL')
  await expect.poll(() => isRunning(pidOf('setup')), PATIENCE).toBe(false)
})
