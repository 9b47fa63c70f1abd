/** `reprise import` on what other servers left behind, beside a running program. */
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { VideoList } from '../../../src/delivery/contract/videos.ts'
import { encodeFileHeader } from '../../../src/formats/flv/file-header.ts'
import { countPackets, ffmpeg } from '../../support/ffmpeg.ts'
import { command, type Program, startProgram, until } from '../../support/program.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/recordings')
const LONG_AGO = new Date('2024-03-05T18:22:41Z')

let folder: string
let program: Program

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-import-'))
  await cp(FIXTURES, path.join(folder, 'left'), { recursive: true })
  const own = await readFile(path.join(FIXTURES, 'nginx-rtmp/rk_killed-1795258899.flv'))
  const older = await readFile(path.join(FIXTURES, 'node-media-server/live/mykey/1795258928160.flv'))
  const files: Record<string, Uint8Array> = {
    'left/srs/live/rk_secret.1709663000123.flv.tmp': own.subarray(0, own.length - 500),
    // Opened again without being emptied: the rest of a longer recording follows.
    'left/livego/live/rk_secret_1709663000.flv': Buffer.concat([own.subarray(0, 9000), older.subarray(9000)]),
    'left/empty.flv': new Uint8Array(),
    'left/header.flv': encodeFileHeader(),
    'left/srs/live/rk_secret.1709663000456.mp4.tmp': Buffer.from('0000001c6674797069736f6d', 'hex'),
    'left/nginx.conf': Buffer.from('rtmp {}'),
  }
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), bytes)
  }
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=2', path.join(folder, 'A talk.mp4'))
  for (const name of Object.keys(files)) await utimes(path.join(folder, name), LONG_AGO, LONG_AGO)
  for (const name of ['rk_killed-1795258899.flv', 'disk-full.flv', 'appended.flv'])
    await utimes(path.join(folder, 'left/nginx-rtmp', name), LONG_AGO, LONG_AGO)
  const resumed = path.join(folder, 'left/node-media-server/live/mykey/1795258928160.flv')
  await utimes(resumed, LONG_AGO, LONG_AGO)
  await utimes(path.join(folder, 'A talk.mp4'), LONG_AGO, LONG_AGO)
  program = await startProgram()
}, 90_000)
afterAll(async () => {
  await program?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

/** What it printed, errors behind the rest, and its exit code. */
async function importing(...args: readonly string[]): Promise<{ text: string; code: number }> {
  const done = (result: { stdout: string; stderr: string; code?: number }) => ({
    text: result.stdout + result.stderr,
    code: result.code ?? 0,
  })
  return command(program, 'import', ...args).then(done, (error: Parameters<typeof done>[0]) => {
    if (error.stdout === undefined) throw error
    return done(error)
  })
}

it('takes in what other servers left behind, repaired, once, with a report (pain 7)', async () => {
  const missing = path.join(folder, 'nowhere.flv')
  const { text, code } = await importing(path.join(folder, 'left'), path.join(folder, 'A talk.mp4'), missing)
  const lines = text.split('\n')
  const said = (name: string) => {
    const at = lines.findIndex((line) => line.includes(name))
    return `${lines[at] ?? ''}${lines[at + 1]?.startsWith('  ') ? lines[at + 1] : ''}`
  }
  expect(said('rk_killed-1795258899.flv')).toMatch(/: taken in: http\S+\/watch\/\S+$/)
  expect(said('appended.flv')).toContain(': taken in: ')
  expect(said('1795258928160.flv')).toContain(': taken in: ')
  expect(said('A talk.mp4')).toContain(': taken in: ')
  expect(said('disk-full.flv')).toMatch(/repaired: 1,514 bytes cut off at the end.*about 33 ms lost/)
  expect(said('rk_secret.1709663000123.flv.tmp')).toMatch(/repaired: \d+ bytes cut off at the end/)
  expect(said('rk_secret_1709663000.flv')).toMatch(/repaired: .* the rest of another recording/)
  expect(said('empty.flv')).toContain('refused: The file is empty')
  expect(said('header.flv')).toContain('refused: Nothing was recorded in it')
  expect(said('mp4.tmp')).toContain('refused: ')
  expect(said('nowhere.flv')).toContain('refused: There is no such file')
  expect(text).toContain(
    '11 files: 7 taken in (3 repaired), 0 already there, 4 refused; 2 other files left alone.',
  )
  expect(code).toBe(1)

  const { items } = await until(
    () => program.api<VideoList>('/videos?limit=50'),
    (list) => list.items.every(({ state }) => state === 'ready' || state === 'failed'),
    50_000,
  )
  expect(items).toHaveLength(7)
  expect(items.map(({ state, failure }) => ({ state, failure }))).toEqual(
    items.map(() => ({ state: 'ready', failure: null })),
  )
  expect(JSON.stringify(items), 'no stream key is published').not.toMatch(/rk_|mykey/)
  expect(items.map(({ title }) => title).filter((title) => /^Recording of 20\d\d-/.test(title))).toHaveLength(
    6,
  )
  // Two sessions whose clock began anew, all their pictures one after the other.
  const [resumed] = items.filter(({ durationSeconds }) => Math.round(durationSeconds ?? 0) === 6)
  const original = new URL('original/index.m3u8', new URL(resumed?.playback.hls ?? '', program.site))
  expect(await countPackets(original.href)).toBe(91)
}, 90_000)

it('adds nothing when it is run again', async () => {
  const before = await program.api<VideoList>('/videos?limit=50')
  const { text } = await importing(path.join(folder, 'left'), path.join(folder, 'A talk.mp4'))
  expect(text).toContain('10 files: 0 taken in (0 repaired), 7 already there, 3 refused')
  const after = await program.api<VideoList>('/videos?limit=50')
  expect(after.items.map(({ id }) => id)).toEqual(before.items.map(({ id }) => id))
}, 60_000)
