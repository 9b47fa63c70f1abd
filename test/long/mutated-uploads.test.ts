/**
 * Small files of many kinds with bytes exchanged, left out, doubled and cut off, at random but always the same:
 * whatever they are, the server takes them or refuses them in words, and each comes to an end.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { probeSource } from '../../src/pipeline/probe.ts'
import { HEVC, VP9 } from '../support/golden/codecs.ts'
import { drawPicture, TAGGED_709 } from '../support/golden/picture.ts'
import { h264 } from '../support/media.ts'
import { addUpload, openTestPipeline, type TestPipeline, untilSettled } from '../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const EACH = Number(process.env.MUTATIONS ?? 30)
const SETTLES_WITHIN_MS = 240_000
const KINDS = {
  'a.mp4': [...h264(25, 1), '-c:a', 'aac'],
  'fragments.mp4': [...h264(25, 1), '-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov'],
  'a.mkv': [...h264(25, 1), '-c:a', 'aac'],
  'a.ts': [...h264(25, 1), '-c:a', 'aac'],
  'a.flv': [...h264(25, 1), '-c:a', 'aac'],
  'a.webm': [...VP9, '-c:a', 'libopus'],
  'hevc.mov': [...HEVC, '-c:a', 'aac'],
  'a.avi': ['-c:v', 'mpeg4', '-c:a', 'libmp3lame'],
  'a.ogv': ['-c:v', 'libtheora', '-c:a', 'libvorbis'],
  'a.wmv': ['-c:v', 'wmv2', '-c:a', 'wmav2'],
  'a.mxf': ['-c:v', 'mpeg2video', '-c:a', 'pcm_s16le'],
  'a.mpg': ['-c:v', 'mpeg2video', '-c:a', 'mp2', '-f', 'vob'],
} as const

let db: TestDatabase
let pipeline: TestPipeline
let worker: AsyncDisposable
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url, { sandbox: 'auto', beside: true })
  worker = await pipeline.work()
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

it.each(Object.entries(KINDS))('%s, mutated, plays or is refused in words', async (name, args) => {
  const whole = await readFile(
    await drawPicture(
      path.join(pipeline.storageDir, `whole-${name}`),
      { seconds: 2 },
      ...TAGGED_709,
      ...args,
    ),
  )
  const random = makeRandom(name)
  const outcomes: string[] = []
  for (let n = 0; n < EACH; n++) {
    const file = path.join(pipeline.storageDir, `${n}-${name}`)
    await writeFile(file, mutate(whole, random))
    const verdict = await probeSource(pipeline.tools, file, AbortSignal.timeout(120_000))
    if (!verdict.isVideo) {
      expect(verdict.reason).toMatch(/^[A-Z].{10,}\.$/s)
      outcomes.push('refused')
      continue
    }
    const video = await untilSettled(pipeline, await addUpload(pipeline, file), SETTLES_WITHIN_MS)
    if (video.state === 'ready') expect(video.playable, `${n} of ${name}`).toBe(true)
    else expect(video.failureDetail, `${n} of ${name}`).toMatch(/\S+ \S+/)
    outcomes.push(video.state)
  }
  expect(outcomes).toHaveLength(EACH)
})

type Random = (below: number) => number

function makeRandom(seed: string): Random {
  let state = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) & 0x7fffffff, 7)
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * below)
  }
}

/** Heads and tails hold the structure: they are hit more often than what lies between. */
function mutate(whole: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(whole)
  const place = () => {
    const where = random(3)
    if (where === 0) return random(bytes.byteLength)
    return where === 1
      ? random(Math.min(3000, bytes.byteLength))
      : bytes.byteLength - 1 - random(Math.min(6000, bytes.byteLength))
  }
  switch (random(6)) {
    case 0:
      for (let n = random(20); n >= 0; n--) bytes[place()] = random(256)
      return bytes
    case 1:
      for (let n = random(6); n >= 0; n--) {
        const at = place()
        bytes.fill([0, 0xff, 0x7f, 0x80][random(4)] ?? 0, at, at + 4)
      }
      return bytes
    case 2:
      return bytes.subarray(0, random(bytes.byteLength))
    case 3: {
      const at = random(bytes.byteLength)
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(3000))])
    }
    case 4: {
      const [at, from] = [place(), random(bytes.byteLength)]
      return Buffer.concat([
        bytes.subarray(0, at),
        bytes.subarray(from, from + random(5000)),
        bytes.subarray(at),
      ])
    }
    default: {
      const from = random(bytes.byteLength)
      const to = Math.min(bytes.byteLength, from + random(bytes.byteLength / 4))
      for (let at = from; at < to; at++) bytes[at] = random(256)
      return bytes
    }
  }
}
