/** ffmpeg as it is run: watched, ended with us, and kept from what a hostile file asks of it. */

import { execFile } from 'node:child_process'
import { constants, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { segmentEncoded } from '../../../src/packaging/segment-encoded.ts'
import { encodeAudioChunk } from '../../../src/pipeline/ffmpeg/audio-argv.ts'
import { runFfmpeg } from '../../../src/pipeline/ffmpeg/run-ffmpeg.ts'
import { type FfmpegTools, prepareFfmpeg } from '../../../src/pipeline/ffmpeg/tools.ts'
import {
  encodeFiller,
  encodePlannedChunk,
  type PlannedChunk,
} from '../../../src/pipeline/ffmpeg/video-argv.ts'
import { ENCODED_AUDIO, planLadder } from '../../../src/pipeline/ladder.ts'
import { probeSource } from '../../../src/pipeline/probe.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { makeVideo } from '../../support/media.ts'

let folder: string
let tools: FfmpegTools
const at = (name: string) => path.join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-ffmpeg-'))
  tools = await prepareFfmpeg({
    ffmpegPath: '/usr/bin/ffmpeg',
    ffprobePath: '/usr/bin/ffprobe',
    tmpDir: at('tmp'),
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const rest = new AbortController().signal

/** A launcher that answers what fluent-ffmpeg asks first, and then does as told instead of encoding. */
async function fakeTools(name: string, script: string): Promise<FfmpegTools> {
  const launcherPath = at(name)
  await writeFile(
    launcherPath,
    `#!/bin/sh\ncase "$*" in *-encoders*|*-formats*) exec /usr/bin/ffmpeg "$@";; esac\n${script}\n`,
  )
  await chmod(launcherPath, 0o700)
  return { ...tools, launcherPath }
}
/** Ids of processes with that word in their command. */
function processesOf(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
    } catch {
      return false
    }
  })
}
const anything = () => ({
  inputs: [],
  filterGraph: 'color=black:size=16x16:duration=1[v]',
  outputs: [{ path: at('any.mp4'), options: ['-map', '[v]'] }],
})

describe('a run of ffmpeg', () => {
  // Of the watchdog: it goes on only when a test says so.
  const stopClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  afterEach(() => void vi.useRealTimers())

  it('that makes no progress is ended', async () => {
    const stuck = await fakeTools(
      'stuck.sh',
      'echo "frame=    1 fps=0.0 q=0.0 size=       0kB time=00:00:00.04 bitrate=N/A" >&2; exec sleep 600',
    )
    stopClock()
    const onProgress = () => vi.advanceTimersByTime(20_000)
    await expect(
      runFfmpeg(stuck, anything(), { signal: rest, stallMs: 20_000, onProgress }),
    ).rejects.toMatchObject({
      code: 'encode-failed',
      message: expect.stringContaining('no progress for 20 s'),
    })
  })

  const mark = 'echo "frame=    1 fps=0.0 q=0.0 size=       0kB time=00:00:00.04 bitrate=N/A" >&2'
  it.each([
    ['does not heed being asked to end', `trap '' TERM INT HUP\n${mark}\nread -r word < '$fifo'`],
    ['says the same for ever', `while :; do ${mark}; done`],
    ['leaves somebody behind who holds its pipes', `${mark}\nread -r word < '$fifo' &\nwait`],
  ])('that stands still and %s is ended (pain 24)', async (what, script) => {
    const fifo = at(`${what.length}.fifo`)
    await promisify(execFile)('mkfifo', [fifo])
    const stuck = await fakeTools(`${what.length}.sh`, script.replace('$fifo', fifo))
    await expect(runFfmpeg(stuck, anything(), { signal: rest, stallMs: 500 })).rejects.toMatchObject({
      code: 'encode-failed',
      message: expect.stringContaining('no progress for 0.5 s'),
      fields: { stalled: true },
    })
    // Who was left behind may go.
    const end = await open(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    await end.write('go\n')
    await expect.poll(() => processesOf(stuck.launcherPath)).toEqual([])
    await end.close()
  })

  it.each([
    ['a line that never ends', `exec tr '\\0' x < /dev/zero >&2`],
    ['warnings without end', `exec yes "$(printf '%05000d' 0)" >&2`],
  ])('that writes %s is ended, before that fills our memory (pain 24)', async (_what, script) => {
    const chatty = await fakeTools('chatty.sh', script)
    await expect(runFfmpeg(chatty, anything(), { signal: rest })).rejects.toMatchObject({
      code: 'encode-failed',
      message: 'ffmpeg wrote messages without end and was ended.',
    })
  })

  it('that goes on is left alone, however long it takes', async () => {
    await promisify(execFile)('mkfifo', [at('go')])
    const slow = await fakeTools(
      'slow.sh',
      `for i in 1 2 3 4 5 6; do echo "frame= $i fps=0.0 q=0.0 size=       0kB time=00:00:00.0$i bitrate=N/A" >&2; read -r word < '${at('go')}'; done`,
    )
    stopClock()
    const seen: number[] = []
    await runFfmpeg(slow, anything(), {
      signal: rest,
      stallMs: 20_000,
      onProgress: (seconds) => {
        seen.push(seconds)
        vi.advanceTimersByTime(19_000)
        void writeFile(at('go'), 'go on\n')
      },
    })
    expect(seen).toEqual([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
  })

  it('is ended by its signal', async () => {
    const stuck = await fakeTools('wait.sh', `echo "size= 0kB time=00:00:01.00" >&2; exec sleep 600`)
    const stop = new AbortController()
    const onProgress = () => stop.abort(new Error('enough'))
    await expect(runFfmpeg(stuck, anything(), { signal: stop.signal, onProgress })).rejects.toThrow('enough')
  })

  it('ended in its first moments leaves nobody behind, also not inside its walls (pain 24)', async () => {
    const output = at('first-moments.mp4')
    const command = {
      inputs: [],
      filterGraph: 'color=black:size=16x16:duration=600[v]',
      outputs: [{ path: output, options: ['-map', '[v]'] }],
    }
    const walled = await prepareFfmpeg({
      ffmpegPath: '/usr/bin/ffmpeg',
      ffprobePath: '/usr/bin/ffprobe',
      tmpDir: at('walled'),
      sandbox: 'auto',
    })
    for (let i = 0; i < 10; i++) {
      const stop = new AbortController()
      const run = runFfmpeg(walled, command, { signal: stop.signal })
      run.catch(() => undefined)
      await expect.poll(() => processesOf(output).length, { interval: 1 }).toBeGreaterThan(0)
      stop.abort(new Error('enough'))
      await expect(run).rejects.toThrow('enough')
    }
    await expect.poll(() => processesOf(output)).toEqual([])
  })

  it('is not begun when its signal has fired', async () => {
    await expect(
      runFfmpeg(tools, anything(), { signal: AbortSignal.abort(new Error('no')) }),
    ).rejects.toThrow('no')
  })

  it('that fails says why in its own words', async () => {
    const command = {
      inputs: [{ url: `file:${at('absent.mp4')}`, options: [] }],
      outputs: [{ path: at('none.mp4'), options: [] }],
    }
    await expect(runFfmpeg(tools, command, { signal: rest })).rejects.toMatchObject({
      code: 'encode-failed',
      message: expect.stringContaining('No such file or directory'),
      fields: { stderr: expect.stringContaining('absent.mp4') },
    })
  })
})

describe('a hostile file', () => {
  it.each([
    ['nothing in it', '', 'The file is empty.'],
    ['a picture', '\xff\xd8\xff\xe0 jpeg', 'This is a picture, not a video.'],
    ['text', 'hello, world\n'.repeat(100), 'This file has no picture we can read, and no sound.'],
    ['a document', '%PDF-1.7', 'This is a PDF document, not a video.'],
    ['a playlist', '#EXTM3U\n', 'This is a playlist, not a video.'],
  ])('with %s is refused with a reason', async (_, bytes, reason) => {
    const file = at('refused.mp4')
    await writeFile(file, Buffer.from(bytes, 'latin1'))
    const verdict = await probeSource(tools, file, rest)
    expect(verdict).toEqual({ isVideo: false, reason: expect.stringContaining(reason) })
  })

  it('with only sound is taken for its sound', async () => {
    await ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac', at('sound.m4a'))
    const verdict = await probeSource(tools, at('sound.m4a'), rest)
    expect(verdict).toMatchObject({ isVideo: true, media: { audio: [{ codec: 'aac' }] } })
    expect(verdict.isVideo && verdict.media.video).toBeUndefined()
  })

  it('whose table of contents was cut off is refused with a reason', async () => {
    const whole = await makeVideo(at('whole.mp4'), { seconds: 1 }, '-an')
    const { readFile } = await import('node:fs/promises')
    await writeFile(at('headless.mp4'), (await readFile(whole)).subarray(0, 20_000))
    expect(await probeSource(tools, at('headless.mp4'), rest)).toEqual({
      isVideo: false,
      reason: expect.stringContaining('table of contents'),
    })
  })
})

describe('an encoded chunk', () => {
  const chunk = (name: string, source: Partial<PlannedChunk>): PlannedChunk => ({
    rungs: planLadder({ width: 320, height: 180, frameRate: 25 }, 'planned'),
    outputOf: () => at(name),
    threads: 1,
    dialect: tools.dialect,
    inputPath: at('source.mkv'),
    streamIndex: 0,
    picture: { width: 320, height: 180, matrix: '' },
    interlaced: false,
    hdr: false,
    rate: { num: 25, den: 1 },
    firstFrame: 100,
    segmentFrames: [100, 50],
    prerollSeconds: 1,
    ...source,
  })
  const spans = [
    { number: 1, start: 4, duration: 4 },
    { number: 2, start: 8, duration: 2 },
  ]
  const cut = (name: string) =>
    segmentEncoded({
      input: at(name),
      kind: 'video',
      segments: spans,
      place: { by: 'first-packet', seconds: 4 },
      frames: [100, 50],
    })
  beforeAll(() => makeVideo(at('source.mkv'), { seconds: 10 }, '-c:a', 'aac'))

  it('of black has the init of its neighbours', async () => {
    await runFfmpeg(tools, encodePlannedChunk(chunk('seen.mp4', {})), { signal: rest })
    await runFfmpeg(tools, encodeFiller(chunk('black.mp4', {})), { signal: rest })
    const [seen, black] = [await cut('seen.mp4'), await cut('black.mp4')]
    expect(Buffer.from(black.init).equals(Buffer.from(seen.init))).toBe(true)
    expect(black.averageBandwidth).toBeLessThan(seen.averageBandwidth / 5)
  })

  it('of HDR comes out in the colours of SDR', async () => {
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=10', '-vf', 'format=yuv420p10le'],
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
      ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', at('hdr.mkv')],
    )
    const verdict = await probeSource(tools, at('hdr.mkv'), rest)
    expect(verdict).toMatchObject({
      isVideo: true,
      media: { video: { hdr: true, transfer: 'smpte2084', matrix: 'bt2020nc' } },
    })
    await runFfmpeg(
      tools,
      encodePlannedChunk(
        chunk('sdr.mp4', {
          inputPath: at('hdr.mkv'),
          hdr: true,
          picture: { width: 320, height: 180, matrix: 'bt2020nc' },
        }),
      ),
      { signal: rest },
    )
    expect(await probeSource(tools, at('sdr.mp4'), rest)).toMatchObject({
      media: {
        video: { pixelFormat: 'yuv420p', transfer: 'bt709', primaries: 'bt709', matrix: 'bt709', hdr: false },
      },
    })
    await cut('sdr.mp4')
  })

  it('of an interlaced source is deinterlaced', async () => {
    await makeVideo(
      at('interlaced.ts'),
      { seconds: 10 },
      '-vf',
      'tinterlace=interleave_top,fieldorder=tff',
      '-flags',
      '+ildct+ilme',
      '-c:v',
      'mpeg2video',
      '-top',
      '1',
      '-an',
    )
    const verdict = await probeSource(tools, at('interlaced.ts'), rest)
    expect(verdict).toMatchObject({ isVideo: true, media: { video: { interlaced: true } } })
    await runFfmpeg(
      tools,
      encodePlannedChunk(
        chunk('progressive.mp4', { inputPath: at('interlaced.ts'), interlaced: true, prerollSeconds: 8 }),
      ),
      { signal: rest },
    )
    await cut('progressive.mp4')
  })

  it('is the same work for the older build that npm brings', async () => {
    const require = createRequire(import.meta.url)
    const old = await prepareFfmpeg({
      ffmpegPath: require('@ffmpeg-installer/ffmpeg').path,
      ffprobePath: require('@ffprobe-installer/ffprobe').path,
      tmpDir: at('old'),
    })
    expect(old.dialect.passthrough).toEqual(['-vsync', 'passthrough'])
    expect(await probeSource(old, at('source.mkv'), rest)).toMatchObject({
      isVideo: true,
      media: { video: { codec: 'h264', width: 320 } },
    })
    await runFfmpeg(old, encodePlannedChunk(chunk('old.mp4', { dialect: old.dialect })), { signal: rest })
    const { segments } = await cut('old.mp4')
    expect(segments.map(({ firstSeconds, frames }) => [firstSeconds, frames])).toEqual([
      [4, 100],
      [8, 50],
    ])
    const sound = encodeAudioChunk({
      input: { path: at('source.mkv'), streamIndex: 1 },
      settings: ENCODED_AUDIO,
      startSeconds: 4,
      endSeconds: 10,
      outputPath: at('old-audio.mp4'),
    })
    await runFfmpeg(old, sound.command, { signal: rest })
    const made = await segmentEncoded({
      input: at('old-audio.mp4'),
      kind: 'audio',
      segments: spans,
      place: { by: 'zero', seconds: sound.zeroSeconds },
    })
    expect(made.segments.reduce((sum, { frames }) => sum + frames, 0)).toBe(281)
  })
})
