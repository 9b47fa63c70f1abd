import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { makeBlockingWrites } from '../../../src/media/blocking-writes.ts'
import { diskWrites } from '../../../src/media/disk-writes.ts'
import { FileStore } from '../../../src/media/file-store.ts'
import { type MediaKey, mediaKeys } from '../../../src/media/layout.ts'

const video = 'v' as VideoId
const segment = mediaKeys.segment(video, 'original', 0)
const timeline = mediaKeys.timeline(video)
let folder: string
let store: FileStore
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'store-'))
  store = new FileStore(path.join(folder, 'media'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe.each([
  ['', diskWrites],
  [' that waits for the disk itself', makeBlockingWrites()],
])('the file store%s', (_how, disk) => {
  beforeEach(() => {
    store = new FileStore(path.join(folder, 'media'), disk)
  })

  it('writes a list of parts as one, of any size', async () => {
    const parts = [0, 1, 70_000, 32_768, 3, 0, 200_000].map((bytes, index) => Buffer.alloc(bytes, index))
    await store.put(segment, parts)
    expect((await store.read(segment))?.equals(Buffer.concat(parts))).toBe(true)
    await store.put(segment, [])
    expect((await store.read(segment))?.byteLength).toBe(0)
  })

  it('gives back what was put, and replaces it whole', async () => {
    expect(await store.read(segment)).toBeUndefined()
    await store.put(segment, Buffer.from('one'))
    await store.put(segment, Buffer.from('two!'))
    expect(await store.read(segment)).toEqual(Buffer.from('two!'))
    expect(await store.stat(segment)).toMatchObject({ bytes: 4 })
    expect(await readdir(path.join(folder, 'media/v/original'))).toEqual(['0.m4s'])
  })

  it('leaves nothing half written among what is stored, and clears what a crash left', async () => {
    await store.sweep(0)
    await store.put(segment, Buffer.from('one'))
    const asides = path.join(folder, 'media/.aside')
    expect(await readdir(asides)).toEqual([])
    await writeFile(path.join(asides, 'left'), 'hal')
    await store.sweep(60_000)
    expect(await readdir(asides), 'perhaps still being written').toEqual(['left'])
    await store.sweep(0)
    expect(await readdir(asides)).toEqual([])
    expect(await store.read(segment)).toEqual(Buffer.from('one'))
  })

  it('moves files in', async () => {
    const file = path.join(folder, 'made.mp4')
    await writeFile(file, 'made')
    await store.putFile(segment, file)
    expect(await store.read(segment)).toEqual(Buffer.from('made'))
    expect(await readdir(folder)).toEqual(['media'])
  })

  it('adds to what grows, and cuts it', async () => {
    await store.append(timeline, Buffer.from('a\n'))
    await store.append(timeline, Buffer.from('b\nhalf'))
    await store.truncate(timeline, 4)
    expect((await store.read(timeline))?.toString()).toBe('a\nb\n')
  })

  it('streams a range whose end is not in it', async () => {
    await store.put(segment, Buffer.from('0123456789'))
    expect((await buffer(await store.stream(segment))).toString()).toBe('0123456789')
    expect((await buffer(await store.stream(segment, { start: 2, end: 5 }))).toString()).toBe('234')
    expect((await buffer(await store.stream(segment, { start: 5, end: 5 }))).length).toBe(0)
    await expect(store.stream(timeline)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('removes a video with everything below it, and can store it again', async () => {
    await store.put(segment, Buffer.from('x'))
    await store.remove(mediaKeys.video(video))
    await store.remove(mediaKeys.video(video))
    expect(await store.stat(segment)).toBeUndefined()
    await store.put(segment, Buffer.from('y'))
    expect(await store.read(segment)).toEqual(Buffer.from('y'))
  })

  it('stores again where somebody else removed the folder', async () => {
    await store.put(segment, Buffer.from('x'))
    await rm(path.join(folder, 'media'), { recursive: true })
    await store.put(segment, Buffer.from('y'))
    expect(await store.read(segment)).toEqual(Buffer.from('y'))
  })

  it('knows no folder as a file', async () => {
    await mkdir(path.join(folder, 'media/v/original/0.m4s'), { recursive: true })
    expect(await store.stat(segment)).toBeUndefined()
  })

  it.each(['../x', 'v/../../x', '/etc/passwd', 'v//x', 'v/.hidden', 'v/a\\b', 'v/a\0b', ''])(
    'lets %j lead nowhere',
    async (key) => {
      await expect(store.read(key as MediaKey)).rejects.toMatchObject({ code: 'not-found' })
      await expect(store.put(key as MediaKey, Buffer.from('x'))).rejects.toMatchObject({ code: 'not-found' })
      await expect(store.remove(key as MediaKey)).rejects.toMatchObject({ code: 'not-found' })
    },
  )
})
