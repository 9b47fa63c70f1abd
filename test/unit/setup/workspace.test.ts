/** Folders of several processes in one storage folder: the dead one's goes, the living ones' stay. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openWorkspace, sweepWorkspaces } from '../../../src/setup/workspace.ts'

let tmp: string
beforeEach(async () => {
  tmp = await mkdtemp(path.join(tmpdir(), 'reprise-workspace-'))
})
afterEach(() => rm(tmp, { recursive: true, force: true }))

it('is there for one process, and gone with it', async () => {
  {
    await using workspace = await openWorkspace(tmp)
    await writeFile(path.join(workspace.dir, 'half'), 'made')
    await sweepWorkspaces(tmp)
    expect(await readdir(workspace.dir)).toEqual(['half'])
  }
  expect(await readdir(tmp)).toEqual([])
})

it('of a process that was killed is removed by the next, and by nobody while it lives', async () => {
  const module = path.resolve(import.meta.dirname, '../../../src/setup/workspace.ts')
  const script = `
    import { openWorkspace } from ${JSON.stringify(module)}
    const { dir } = await openWorkspace(${JSON.stringify(tmp)})
    process.stdout.write(dir)
    setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [dir] = (await once(child.stdout, 'data')).map(String)
  await writeFile(path.join(dir ?? '', 'half'), 'made')
  {
    await using _ = await openWorkspace(tmp)
    expect(await readdir(dir ?? '')).toEqual(['half'])
  }
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using own = await openWorkspace(tmp)
  expect((await readdir(tmp)).toSorted()).toEqual([path.basename(own.dir), `${path.basename(own.dir)}.lock`])
})

it('takes away what an older version left, and opens many at once', async () => {
  await mkdir(path.join(tmp, 'ffmpeg'))
  await writeFile(path.join(tmp, 'chunk'), '')
  const all = await Promise.all(Array.from({ length: 8 }, () => openWorkspace(tmp)))
  expect(new Set(all.map(({ dir }) => dir)).size).toBe(8)
  expect(await readdir(tmp)).toHaveLength(16)
  for (const one of all) await one[Symbol.asyncDispose]()
  expect(await readdir(tmp)).toEqual([])
})
