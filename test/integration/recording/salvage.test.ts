/** Salvage killed in its middle, again and again: the next one does all of it, once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, copyFile, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeFileHeader } from '../../../src/formats/flv/file-header.ts'
import { encodeTag } from '../../../src/formats/flv/tag-header.ts'
import { readIndex } from '../../../src/recording/keyframe-index.ts'
import { salvagePart } from '../../../src/recording/salvage.ts'

const PICTURES = 2000
const GOP = 5
const KILLS = 12

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'salvage-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Some 60 MB of pictures, and half of one more. Resolves with the bytes that are whole. */
async function writeCutPart(file: string): Promise<number> {
  await using handle = await open(file, 'w')
  await handle.write(encodeFileHeader())
  for (let picture = 0; picture < PICTURES; picture++) {
    const body = Buffer.alloc(30_000, 1 + (picture % 250))
    Buffer.of(picture % GOP === 0 ? 0x17 : 0x27, 1, 0, 0, 0).copy(body)
    await handle.write(encodeTag(9, picture * 40, body))
  }
  const { size } = await handle.stat()
  await handle.write(encodeTag(9, 90_000, Buffer.alloc(50_000, 0x27)).subarray(0, 20_000))
  return size
}

it('is the same whether it was let through or killed at any instant before', async () => {
  const [file, index] = [path.join(folder, '0.flv'), path.join(folder, '0.idx')]
  const wholeBytes = await writeCutPart(file)
  const cut = path.join(folder, 'cut')
  await copyFile(file, cut)
  let within = 0
  for (let kill = 0; kill < KILLS; kill++) {
    // Every third begins with what the crash left, so that the cut itself may be hit again.
    if (kill % 3 === 0) await copyFile(cut, file)
    const child = spawn(process.execPath, [SALVAGE, file, index], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await Promise.race([once(child.stdout, 'data'), exited])
    // The instant is what the test is about: a salvage takes some 100 ms.
    await delay(Math.random() * 150)
    child.kill('SIGKILL')
    const [code] = (await exited) as [number | null]
    within += code === null ? 1 : 0
    const { size } = await stat(file)
    expect(size === wholeBytes || size === (await stat(cut)).size, `${size} bytes`).toBe(true)
  }
  expect(within, 'killed before it was through').toBeGreaterThan(0)
  await copyFile(cut, file)
  await appendFile(`${index}.tmp`, 'of one that was killed')
  const found = await salvagePart(file, index)
  expect(found).toMatchObject({ bytes: wholeBytes, mediaTags: PICTURES })
  const whole = await readFile(file)
  expect(whole.equals((await readFile(cut)).subarray(0, wholeBytes))).toBe(true)
  expect(readIndex(await readFile(index))).toHaveLength(PICTURES / GOP)
  expect((await readdir(folder)).sort()).toEqual(['0.flv', '0.idx', 'cut'])
  expect(await salvagePart(file, index)).toEqual({ ...found, cutBytes: 0 })
})

const SALVAGE = fileURLToPath(new URL('../../support/salvage-to-be-killed.ts', import.meta.url))
