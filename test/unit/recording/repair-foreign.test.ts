/** Recordings that other servers left, real ones (test/fixtures/recordings) and damaged as they are known to be. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeFileHeader } from '../../../src/formats/flv/file-header.ts'
import { encodeTag, VIDEO_TAG } from '../../../src/formats/flv/tag-header.ts'
import { type LogTag, readLog } from '../../../src/recording/log-reader.ts'
import { type ReadForeignOptions, repairForeignRecording } from '../../../src/recording/repair-foreign.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/recordings')
const NGINX = path.join(FIXTURES, 'nginx-rtmp/rk_killed-1795258899.flv')
const OTHER = path.join(FIXTURES, 'node-media-server/live/mykey/1795258928160.flv')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreign-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function tagsOf(file: string): Promise<LogTag[]> {
  const tags: LogTag[] = []
  for await (const read of readLog(file)) tags.push(...read)
  return tags
}
const bodies = (tags: readonly LogTag[]) => tags.map(({ body }) => Buffer.from(body).toString('base64'))

let repairs = 0
async function repaired(bytes: Uint8Array, options?: ReadForeignOptions) {
  const from = path.join(folder, `${repairs}.flv`)
  const to = path.join(folder, `${repairs++}-repaired.flv`)
  await writeFile(from, bytes)
  const report = await repairForeignRecording(from, to, options)
  return { ...report, tags: await tagsOf(to), bytes: await readFile(to) }
}

describe('a recording of another server', () => {
  it.each([
    ['nginx-rtmp, killed with -9', NGINX, 27],
    ['nginx-rtmp, appended by a second session', path.join(FIXTURES, 'nginx-rtmp/appended.flv'), 120],
    ['Node-Media-Server, resumed and killed', OTHER, 91],
  ])('that is whole stays as it is: %s (pain 6)', async (_who, file, pictures) => {
    const original = await readFile(file)
    const { whole, cuts, pictures: found, bytes } = await repaired(original)
    expect({ whole, cuts, found }).toEqual({ whole: true, cuts: [], found: pictures })
    expect(bytes.subarray(13).equals(original.subarray(13))).toBe(true)
  })

  it('that nginx-rtmp wrote onto a full disk loses its half message, and nothing else (pain 7)', async () => {
    const file = path.join(FIXTURES, 'nginx-rtmp/disk-full.flv')
    const { whole, cuts, pictures, sounds } = await repaired(await readFile(file))
    expect(whole).toBe(false)
    expect(cuts).toEqual([{ kind: 'end', at: 18_966, bytes: 1514, lostMs: 33 }])
    expect([pictures, sounds]).toEqual([30, 42])
  })

  it('that is cut anywhere keeps every whole message before the cut', async () => {
    const bytes = await readFile(NGINX)
    const tags = await tagsOf(NGINX)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 13, max: bytes.length }), async (at) => {
        const found = await repaired(bytes.subarray(0, at))
        // Its last trailing size may be missing: the message itself is there.
        const expected = tags.filter(({ end }) => end - 4 <= at)
        expect(bodies(found.tags)).toEqual(bodies(expected))
        expect(found.cuts.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 150 },
    )
  })

  it('with half a message in its middle goes on behind it, and says how much is missing', async () => {
    const bytes = await readFile(NGINX)
    const tags = await tagsOf(NGINX)
    const half = tags.findIndex(({ type }, index) => index > 20 && type === VIDEO_TAG)
    const { offset = 0, end = 0 } = tags[half] ?? {}
    const written = offset + 11 + ((end - offset) >> 1)
    const found = await repaired(Buffer.concat([bytes.subarray(0, written), bytes.subarray(end)]))
    expect(bodies(found.tags)).toEqual(bodies(tags.filter((_, index) => index !== half)))
    expect(found.cuts).toMatchObject([{ kind: 'middle', at: offset, bytes: written - offset }])
    expect(found.cuts[0]?.lostMs).toBeLessThan(200)
  })

  it('over a longer, older one ends where it ends, and takes nothing of the older one', async () => {
    const [own, older] = [await readFile(NGINX), await readFile(OTHER)]
    const written = Buffer.concat([own, older.subarray(own.length)])
    const found = await repaired(written, { reopened: true })
    expect(bodies(found.tags)).toEqual(bodies(await tagsOf(NGINX)))
    expect(found.cuts).toEqual([
      { kind: 'older', at: own.length, bytes: older.length - own.length, lostMs: 0 },
    ])
  })

  it('takes what follows damage for another recording when its clock is another', async () => {
    const own = await readFile(NGINX)
    const junk = Buffer.from('no tag begins in this')
    const [later] = [encodeTag(VIDEO_TAG, 5_000_000, Buffer.from('2701000000aabbccdd', 'hex'))]
    const found = await repaired(Buffer.concat([own, junk, later]))
    expect(found.cuts).toMatchObject([{ kind: 'older', at: own.length }])
    expect(found.tags).toHaveLength((await tagsOf(NGINX)).length)
  })

  it('with zeros at its end, as a power loss leaves, is cut before them', async () => {
    const own = await readFile(NGINX)
    const found = await repaired(Buffer.concat([own, Buffer.alloc(300_000)]))
    expect(found.cuts).toEqual([{ kind: 'end', at: own.length, bytes: 300_000, lostMs: 0 }])
  })

  it('with wrong sizes between its messages gets right ones', async () => {
    const bytes = Buffer.from(await readFile(NGINX))
    for (const { end } of await tagsOf(NGINX)) bytes.writeUInt32BE(0, end - 4)
    const found = await repaired(bytes)
    expect(found.cuts).toEqual([])
    expect(found.whole).toBe(false)
    expect(bodies(found.tags)).toEqual(bodies(await tagsOf(NGINX)))
  })

  it('of a beginning alone has nothing in it, and what is no FLV is refused', async () => {
    expect(await repaired(encodeFileHeader())).toMatchObject({ pictures: 0, sounds: 0, cuts: [] })
    await expect(repaired(Buffer.from('RIFF....AVI LIST'))).rejects.toThrow('not an FLV')
  })

  it('of random bytes is read to its end without a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (noise) => {
        const found = await repaired(Buffer.concat([encodeFileHeader(), noise]))
        expect(found.cuts.every(({ bytes }) => bytes > 0)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})
