/** What was made of a chunk, compared with what it was made from. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ComparedChunk } from '../../../src/pipeline/ffmpeg/likeness-argv.ts'
import { runFfmpeg } from '../../../src/pipeline/ffmpeg/run-ffmpeg.ts'
import { type FfmpegTools, prepareFfmpeg } from '../../../src/pipeline/ffmpeg/tools.ts'
import { encodeMeasuredChunk, type MeasuredChunk } from '../../../src/pipeline/ffmpeg/video-argv.ts'
import { planLadder, type Rung } from '../../../src/pipeline/ladder.ts'
import { measureLikeness } from '../../../src/pipeline/steps/measure-likeness.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'

const SAMPLE = 0

let dir: string
let tools: FfmpegTools
let chunk: MeasuredChunk
let rung: Rung
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'reprise-likeness-'))
  tools = await prepareFfmpeg({ ffmpegPath: '/usr/bin/ffmpeg', ffprobePath: '/usr/bin/ffprobe', tmpDir: dir })
  const inputPath = path.join(dir, 'input.mp4')
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-t', '2', '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', inputPath],
  )
  const [lowest] = planLadder({ width: 640, height: 360, frameRate: 25 }, 'measured').slice(-1)
  if (!lowest) throw new Error('there is no rung below 360p')
  rung = lowest
  chunk = {
    rungs: [rung],
    outputOf: ({ name }) => path.join(dir, `${name}.mp4`),
    threads: 1,
    dialect: tools.dialect,
    inputPath,
    picture: { width: 640, height: 360, matrix: '' },
    boundaries: [0],
  }
  await runFfmpeg(tools, encodeMeasuredChunk(chunk), { signal: AbortSignal.timeout(60_000) })
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const compare = (compared: ComparedChunk, attempts: number, index = SAMPLE) =>
  measureLikeness(
    { tools },
    { compared, rungs: [rung], index, attempts, signal: AbortSignal.timeout(60_000) },
  )

describe('a chunk', () => {
  it('looks like its source when it was made well', async () => {
    const likeness = await compare({ kind: 'measured', chunk }, 1)
    expect([...likeness.keys()]).toEqual([rung.name])
    expect(likeness.get(rung.name)).toBeGreaterThan(0.9)
  })

  it('is made once more when it shows something else, and then taken with its number', async () => {
    const other = path.join(dir, 'other')
    const wrong: MeasuredChunk = { ...chunk, outputOf: () => other }
    const black = `color=black:size=${rung.width}x${rung.height}:rate=25`
    await ffmpeg('-f', 'lavfi', '-i', black, '-t', '2', '-f', 'mp4', path.join(dir, 'black.mp4'))
    await copyFile(path.join(dir, 'black.mp4'), other)
    await expect(compare({ kind: 'measured', chunk: wrong }, 1)).rejects.toThrow(
      'does not look like its source',
    )
    expect((await compare({ kind: 'measured', chunk: wrong }, 2)).get(rung.name)).toBeLessThan(0.5)
  })

  it('that is not one of the samples is not looked at', async () => {
    const missing: MeasuredChunk = { ...chunk, outputOf: () => path.join(dir, 'nothing') }
    expect(await compare({ kind: 'measured', chunk: missing }, 1, 1)).toEqual(new Map())
  })
})
