import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FILE_HEADER_BYTES } from '../../../src/formats/flv/file-header.ts'
import type { SessionId } from '../../../src/kernel/ids.ts'
import { salvagePart } from '../../../src/recording/salvage.ts'
import { wholeRecording } from '../../../src/recording/whole-recording.ts'
import { countPackets, ffmpeg, streamHash } from '../../support/ffmpeg.ts'
import { broadcastId, makeRecorder, messagesOf, record } from '../../support/packaged-video.ts'

let sources: string
let folder: string
let source: string
const part = () => path.join(folder, 'recordings/b/0.flv')

beforeAll(async () => {
  sources = await mkdtemp(path.join(tmpdir(), 'sources-'))
  source = path.join(sources, 'source.flv')
  const inputs = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=30:d=10',
    '-f',
    'lavfi',
    '-i',
    'sine=440:r=44100:d=10',
  ]
  await ffmpeg(
    ...inputs,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-bf',
    '2',
    '-g',
    '60',
    '-c:a',
    'aac',
    source,
  )
  return () => rm(sources, { recursive: true })
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'recording-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('a recording', () => {
  it('is packet for packet what was sent (pain 2)', async () => {
    await record(makeRecorder(folder), await messagesOf(source))
    expect(await streamHash(part(), 'v')).toBe(await streamHash(source, 'v'))
    expect(await streamHash(part(), 'a')).toBe(await streamHash(source, 'a'))
  })

  it('can be played at every instant while it grows (pain 6)', async () => {
    const messages = await messagesOf(source)
    const log = await makeRecorder(folder).openSession({
      broadcastId,
      sessionId: 's' as SessionId,
      firstPart: 0,
    })
    let frames = 0
    for (const from of [0, 200, 400]) {
      for (const message of messages.slice(from, from + 200)) log.write(message)
      // The first write may be of the file's header alone, and nothing is in that to be played.
      await log.growth.beyond(Math.max(FILE_HEADER_BYTES, log.growth.bytes))
      const copy = path.join(folder, 'copy.flv')
      await copyFile(part(), copy)
      // The last tag may be cut; it plays up to there.
      await ffmpeg('-i', copy, '-f', 'null', '-')
      expect(await countPackets(copy)).toBeGreaterThan(frames)
      frames = await countPackets(copy)
    }
    await log.close()
  })

  it('of a process that was killed holds what it had written, and is mended', async () => {
    const child = spawn(process.execPath, [KILLED_RECORDER, folder, source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const written = await lastNumber(child, 5)
    child.kill('SIGKILL')
    await exited
    const found = await salvagePart(part(), path.join(folder, 'recordings/b/0.idx'))
    expect(written).toBeGreaterThan(10_000)
    expect(found.bytes).toBeGreaterThanOrEqual(written)
    await ffmpeg('-xerror', '-i', part(), '-f', 'null', '-')
    expect((await stat(part())).size).toBe(found.bytes)
  })

  it('of several sessions plays as one', async () => {
    const recorder = makeRecorder(folder)
    const messages = await messagesOf(source)
    await record(recorder, messages, messages)
    const whole = path.join(folder, 'whole.flv')
    await writeFile(whole, wholeRecording(recorder.finishedLog(broadcastId)))
    expect(await countPackets(whole)).toBe(600)
    await ffmpeg('-xerror', '-i', whole, '-f', 'null', '-')
  })
})

const KILLED_RECORDER = fileURLToPath(new URL('../../support/record-until-killed.ts', import.meta.url))

/** Reads numbers, a line each, until there are so many; the last of them. */
async function lastNumber(child: ChildProcess, lines: number): Promise<number> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (text.split('\n').length > lines) break
  }
  return Number(text.split('\n').at(-2))
}
