import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { locateFfmpeg } from '../../../src/pipeline/ffmpeg/locate.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-tools-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const unset = { ffmpegPath: undefined, ffprobePath: undefined }
const systemPath = (process.env.PATH ?? '').split(':')

const fake = (name: string, script: string) => {
  const file = path.join(dir, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

it("finds the system's, with its encoders", async () => {
  const found = await locateFfmpeg({ ...unset, searchPath: systemPath })
  expect(found.source).toBe('system')
  expect(found.version).toMatch(/^n?\d+\./)
  expect([...found.encoders]).toEqual(expect.arrayContaining(['libx264', 'aac']))
})

it('takes the build that npm brought when the system has none', async () => {
  const found = await locateFfmpeg({ ...unset, searchPath: [dir] })
  expect(found.source).toBe('package')
  expect(found.encoders.has('libx264')).toBe(true)
})

it('passes over a system build that is too old', async () => {
  fake(
    'ffmpeg',
    'echo "ffmpeg version 4.3.1 Copyright (c) 2000-2020"; echo " V....D libx264 x"; echo " A....D aac x"',
  )
  fake('ffprobe', 'echo "ffprobe version 4.3.1"')
  expect((await locateFfmpeg({ ...unset, searchPath: [dir] })).source).toBe('package')
})

it('takes what is set, and the ffprobe beside it', async () => {
  for (const tool of ['ffmpeg', 'ffprobe']) symlinkSync(`/usr/bin/${tool}`, path.join(dir, tool))
  const found = await locateFfmpeg({
    ffmpegPath: path.join(dir, 'ffmpeg'),
    ffprobePath: undefined,
    searchPath: [],
  })
  expect(found).toMatchObject({ source: 'setting', ffprobe: path.join(dir, 'ffprobe') })
})

it.each([
  [
    'is not there',
    () => ({ ...unset, ffmpegPath: '/nowhere/ffmpeg' }),
    /^FFMPEG_PATH: \/nowhere\/ffmpeg does not run/,
  ],
  [
    'is something else',
    () => ({ ...unset, ffmpegPath: '/bin/true' }),
    /^FFMPEG_PATH: \/bin\/true is not ffmpeg/,
  ],
  [
    'has no ffprobe',
    () => ({ ...unset, ffprobePath: '/bin/true' }),
    /^FFPROBE_PATH: \/bin\/true is not ffprobe/,
  ],
  [
    'lacks an encoder',
    () => ({
      ...unset,
      ffmpegPath: fake('ffmpeg', 'echo "ffmpeg version 6.1 Copyright (c) 2000-2023"; echo " A....D aac x"'),
    }),
    /^FFMPEG_PATH: .* was built without libx264/,
  ],
])('names the setting when what is set %s', async (_case, settings, message) => {
  await expect(locateFfmpeg({ ...settings(), searchPath: systemPath })).rejects.toMatchObject({
    code: 'setup-failed',
    message: expect.stringMatching(message),
  })
})
