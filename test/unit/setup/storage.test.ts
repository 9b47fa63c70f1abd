import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeFirstRun } from '../../../src/setup/first-run.ts'
import { prepareStorage } from '../../../src/setup/storage-folder.ts'
import { lockStorage, tryLockStorage } from '../../../src/setup/storage-lock.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'reprise-storage-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the storage folder', () => {
  const inside = (storageDir: string) => ({ storageDir, mediaDir: path.join(storageDir, 'media') })

  it('is made with its parents and a place for media, and left as clean as it was', () => {
    const deep = path.join(dir, 'a', 'b')
    prepareStorage(inside(deep))
    prepareStorage(inside(deep))
    expect(readdirSync(deep)).toEqual(['media'])
    expect(readdirSync(path.join(deep, 'media'))).toEqual([])
  })

  it.each([
    ['below a file', () => path.join(dir, 'file', 'storage')],
    ['a file', () => path.join(dir, 'file')],
    ['where the kernel makes no folders', () => '/proc/storage'],
  ])('is refused by name when it is %s', (_case, folder) => {
    writeFileSync(path.join(dir, 'file'), '')
    expect(() => prepareStorage(inside(folder()))).toThrow(
      expect.objectContaining({ code: 'bad-setting', message: expect.stringMatching(/^STORAGE_DIR: /) }),
    )
    expect(() => prepareStorage({ storageDir: path.join(dir, 'good'), mediaDir: folder() })).toThrow(
      expect.objectContaining({ code: 'bad-setting', message: expect.stringMatching(/^MEDIA_URL: /) }),
    )
  })
})

describe('the storage lock', () => {
  it('has one holder, and says which process it is', () => {
    const first = lockStorage(dir)
    expect(tryLockStorage(dir)).toBeUndefined()
    expect(() => lockStorage(dir)).toThrow(
      expect.objectContaining({
        code: 'setup-failed',
        message: expect.stringContaining(`process ${process.pid}`),
      }),
    )
    first[Symbol.dispose]()
    lockStorage(dir)[Symbol.dispose]()
    expect(existsSync(path.join(dir, '.owner.json'))).toBe(false)
  })

  it('is free again after its holder was killed', async () => {
    const module = path.resolve(import.meta.dirname, '../../../src/setup/storage-lock.ts')
    const script = `
      import { lockStorage } from ${JSON.stringify(module)}
      const lock = lockStorage(${JSON.stringify(dir)})
      process.stdout.write('locked')
      setInterval(() => lock, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    expect(tryLockStorage(dir)).toBeUndefined()
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const lock = tryLockStorage(dir)
    expect(lock).toBeDefined()
    lock?.[Symbol.dispose]()
  })

  it('is one for each folder', () => {
    const other = path.join(dir, 'other')
    mkdirSync(other)
    using _first = lockStorage(dir)
    using _second = lockStorage(other)
  })
})

describe('first-run.json', () => {
  const firstRun = {
    email: 'admin@localhost.localdomain',
    password: 'secret',
    streamKey: 'key',
    server: 'rtmp://localhost:1935/live',
    site: 'http://localhost:8080',
  }

  it('is for its user alone, and replaces what a broken start left', () => {
    const file = path.join(dir, 'first-run.json')
    writeFileSync(file, '{"half":', { mode: 0o644 })
    writeFirstRun(file, firstRun)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(firstRun)
    expect(readdirSync(dir)).toEqual(['first-run.json'])
  })
})
