/** What a worker tries before it takes a job. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AppError } from '../../../src/kernel/errors.ts'
import { FileStore } from '../../../src/media/file-store.ts'
import { prepareFfmpeg } from '../../../src/pipeline/ffmpeg/tools.ts'
import { type SelfTestParts, selfTest } from '../../../src/pipeline/self-test.ts'

const rest = new AbortController().signal
let folder: string
let parts: SelfTestParts
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-self-test-'))
  const tools = await prepareFfmpeg({
    ffmpegPath: '/usr/bin/ffmpeg',
    ffprobePath: '/usr/bin/ffprobe',
    tmpDir: folder,
  })
  parts = { tools, store: new FileStore(path.join(folder, 'media')), tmpDir: folder }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('passes, and leaves nothing behind', async () => {
  expect(await selfTest(parts, rest)).toBeUndefined()
  expect(await readdir(path.join(folder, 'media'))).toEqual(['.aside'])
  expect((await readdir(folder)).filter((name) => name.startsWith('self-test'))).toEqual([])
})

it('says in words that nothing can be encoded (pain 26)', async () => {
  const tools = { ...parts.tools, ffmpegPath: '/bin/false', launcherPath: '/bin/false' }
  expect(await selfTest({ ...parts, tools }, rest)).toMatch(/^A picture cannot be encoded: /)
})

it('says in words that the media store fails or forgets', async () => {
  const { store } = parts
  const refusing = {
    ...parts,
    store: { ...faces(store), put: () => Promise.reject(new Error('no such bucket')) },
  }
  expect(await selfTest(refusing, rest)).toBe('The media store cannot be used: no such bucket')
  const forgetful = { ...parts, store: { ...faces(store), read: async () => undefined } }
  expect(await selfTest(forgetful, rest)).toBe(
    'The media store gives back something else than was put into it.',
  )
})

it('does not count a disk that is full: there will be room again', async () => {
  const full = async () => {
    throw new AppError('disk-full', 'The disk is full.')
  }
  expect(await selfTest({ ...parts, store: { ...faces(parts.store), put: full } }, rest)).toBeUndefined()
})

function faces(store: SelfTestParts['store']): SelfTestParts['store'] {
  return {
    put: (key, content) => store.put(key, content),
    read: (key) => store.read(key),
    remove: (key) => store.remove(key),
  }
}
