/** Rungs as real encoders make them: level, colours, keyframes, and chunks that join without a seam. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { segmentEncoded } from '../../../src/packaging/segment-encoded.ts'
import { runFfmpeg } from '../../../src/pipeline/ffmpeg/run-ffmpeg.ts'
import { type FfmpegTools, prepareFfmpeg } from '../../../src/pipeline/ffmpeg/tools.ts'
import {
  encodeMeasuredChunk,
  encodePlannedChunk,
  type PlannedChunk,
} from '../../../src/pipeline/ffmpeg/video-argv.ts'
import { planLadder, type Rung } from '../../../src/pipeline/ladder.ts'
import { probeSource } from '../../../src/pipeline/probe.ts'
import { makeVideo, readPackets } from '../../support/media.ts'

let folder: string
let tools: FfmpegTools
const at = (name: string) => path.join(folder, name)
const rest = new AbortController().signal

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-rungs-'))
  tools = await prepareFfmpeg({
    ffmpegPath: '/usr/bin/ffmpeg',
    ffprobePath: '/usr/bin/ffprobe',
    tmpDir: at('tmp'),
  })
  await makeVideo(at('source.mkv'), { seconds: 3, size: '320x180' }, '-an')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function describeStream(file: string): Promise<Record<string, string | number>> {
  const { stdout } = await promisify(execFile)('ffprobe', [
    ...['-v', 'error', '-select_streams', 'v:0', '-of', 'json', '-show_entries'],
    'stream=codec_name,codec_tag_string,profile,level,width,height,pix_fmt,sample_aspect_ratio,color_range,color_space,color_transfer,color_primaries',
    file,
  ])
  return JSON.parse(stdout).streams[0]
}

/** Two chunks of 25 and 50 frames, the second with a boundary in its middle, by different numbers of threads. */
async function encodeTwice(rungs: readonly Rung[], name: string, source: Partial<PlannedChunk> = {}) {
  const chunk = (index: number, first: number, segmentFrames: readonly number[]): PlannedChunk => ({
    rungs,
    outputOf: (rung) => at(`${name}-${rung.name}-${index}.mp4`),
    threads: index + 1,
    dialect: tools.dialect,
    inputPath: at('source.mkv'),
    streamIndex: 0,
    picture: { width: 320, height: 180, matrix: '' },
    interlaced: false,
    hdr: false,
    rate: { num: 25, den: 1 },
    firstFrame: first,
    segmentFrames,
    prerollSeconds: 1,
    ...source,
  })
  await runFfmpeg(tools, encodePlannedChunk(chunk(0, 0, [25])), { signal: rest })
  await runFfmpeg(tools, encodePlannedChunk(chunk(1, 25, [25, 25])), { signal: rest })
  return Promise.all(
    rungs.map(async (rung) => {
      const cut = (index: number, starts: readonly number[]) =>
        segmentEncoded({
          input: at(`${name}-${rung.name}-${index}.mp4`),
          kind: 'video',
          segments: starts.map((start) => ({ number: start, start, duration: 1 })),
          place: { by: 'first-packet', seconds: starts[0] ?? 0 },
          frames: starts.map(() => 25),
        })
      const [first, second] = [await cut(0, [0]), await cut(1, [1, 2])]
      const joined = at(`${name}-${rung.name}.mp4`)
      await writeFile(
        joined,
        Buffer.concat([first.init, ...[...first.segments, ...second.segments].map(({ bytes }) => bytes)]),
      )
      return { rung, first, second, joined }
    }),
  )
}

describe('a rung', () => {
  it.each(['h264', 'hevc', 'av1'] as const)(
    'in %s is what it was promised as, and its chunks join without a seam',
    async (codec) => {
      const rungs = planLadder({ width: 320, height: 180, frameRate: 25 }, 'planned', [codec])
      for (const { rung, first, second, joined } of await encodeTwice(rungs, codec)) {
        expect(Buffer.from(second.init).equals(Buffer.from(first.init))).toBe(true)
        expect(first.codecs).toBe(rung.codecs)
        const packets = await readPackets(joined)
        // ffprobe begins where reordered pictures would be decoded.
        const begin = packets[0]?.pts ?? 0
        expect(packets.map(({ pts }) => Math.round((pts - begin) * 25))).toEqual(
          Array.from({ length: 75 }, (_, i) => i),
        )
        expect(packets.flatMap(({ key }, i) => (key ? [i] : []))).toEqual([0, 25, 50])
        expect(await describeStream(joined)).toMatchObject({
          codec_name: codec,
          codec_tag_string: { h264: 'avc1', hevc: 'hvc1', av1: 'av01' }[codec],
          profile: { h264: 'High', hevc: 'Main', av1: 'Main' }[codec],
          width: rung.width,
          height: rung.height,
          pix_fmt: 'yuv420p',
          color_range: 'tv',
          color_space: 'bt709',
          color_transfer: 'bt709',
          color_primaries: 'bt709',
        })
      }
    },
  )

  it('of pixels that are not square has square ones, and the shape that was meant', async () => {
    // 16:9 in a picture of 4:3, as of DV and DVD.
    await makeVideo(at('wide.mkv'), { seconds: 3, size: '240x180' }, '-vf', 'setsar=4/3', '-an')
    const verdict = await probeSource(tools, at('wide.mkv'), rest)
    if (!verdict.isVideo || !verdict.media.video) throw new Error('it has no pictures')
    const { video } = verdict.media
    expect([video.width, video.height]).toEqual([320, 180])
    const rungs = planLadder({ ...video, frameRate: 25 }, 'planned')
    const [made] = await encodeTwice(rungs, 'wide', { inputPath: at('wide.mkv'), picture: video })
    expect(await describeStream(made?.joined ?? '')).toMatchObject({
      width: 320,
      height: 180,
      sample_aspect_ratio: '1:1',
    })
  })

  it('of 120 frames a second shows 60, evenly, and begins each segment with its own first (pain 30)', async () => {
    await makeVideo(
      at('fast.mp4'),
      { seconds: 1, size: '320x240', rate: 120 },
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '61', '-an'],
    )
    // A boundary after an odd number of frames.
    const segmentFrames = [61, 59]
    const source = { width: 320, height: 240, frameRate: 120 }
    const [rung] = planLadder(source, 'planned')
    if (!rung) throw new Error('no rung')
    await runFfmpeg(
      tools,
      encodeMeasuredChunk({
        rungs: [rung],
        outputOf: () => at('halved.mp4'),
        threads: 1,
        dialect: tools.dialect,
        inputPath: at('fast.mp4'),
        picture: { width: 320, height: 240, matrix: '' },
        boundaries: [0, 61 / 120],
        segmentFrames,
      }),
      { signal: rest },
    )
    const packets = await readPackets(at('halved.mp4'))
    const frames = packets.map(({ pts }) => Math.round((pts - (packets[0]?.pts ?? 0)) * 120))
    const evenFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + 2 * i)
    expect(frames).toEqual([...evenFrom(0, 31), ...evenFrom(61, 30)])
    expect(packets.flatMap(({ key }, i) => (key ? [frames[i]] : []))).toEqual([0, 61])
    expect(rung.frameRate).toBe(60)
  })
})
