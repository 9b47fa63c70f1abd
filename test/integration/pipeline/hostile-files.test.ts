/**
 * Files made to have the server open something else, or work for ever. An HTTP server and a video of an
 * unmistakable size stand for what must not be touched; no sandbox helps here: the allow-lists alone do it.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALLOW_LISTS, inputUrl } from '../../../src/pipeline/ffmpeg/hostile-input.ts'
import { runFfmpeg } from '../../../src/pipeline/ffmpeg/run-ffmpeg.ts'
import { runFfprobe } from '../../../src/pipeline/ffmpeg/run-ffprobe.ts'
import { type FfmpegTools, prepareFfmpeg } from '../../../src/pipeline/ffmpeg/tools.ts'
import { refusalOf } from '../../../src/pipeline/plausible.ts'
import { probeSource } from '../../../src/pipeline/probe.ts'
import { scanStreams } from '../../../src/pipeline/scan.ts'
import { playedSeconds } from '../../../src/pipeline/steps/plan-upload.ts'
import { BOMBS } from '../../support/hostile/bombs.ts'
import { REFERENCES } from '../../support/hostile/references.ts'
import { makeVideo } from '../../support/media.ts'

let folder: string
let tools: FfmpegTools
let confined: FfmpegTools
let server: Server
let plain: Buffer
const asked: string[] = []
const at = (name: string) => path.join(folder, name)
const rest = new AbortController().signal
/** Of the video that nobody may open. */
const CANARY = { width: 78, height: 54 }

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-hostile-'))
  const programs = { ffmpegPath: '/usr/bin/ffmpeg', ffprobePath: '/usr/bin/ffprobe' }
  tools = await prepareFfmpeg({ ...programs, tmpDir: at('tmp') })
  confined = await prepareFfmpeg({ ...programs, tmpDir: at('tmp'), sandbox: 'auto' })
  await makeVideo(
    at('canary.ts'),
    { seconds: 1, size: `${CANARY.width}x${CANARY.height}` },
    '-c:v',
    'mpeg2video',
    '-an',
  )
  plain = await readFile(await makeVideo(at('plain.mp4'), { seconds: 1, size: '64x36', rate: 5 }, '-an'))
  const canary = await readFile(at('canary.ts'))
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(canary)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a file that refers to another', () => {
  it.each(REFERENCES.map((reference) => [reference.title, reference] as const))(
    '%s opens no address and no other file',
    async (_, { name, bytes, isVideo }) => {
      const targets = {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret.ts`,
        file: at('canary.ts'),
      }
      const file = at(name)
      await writeFile(file, await bytes(targets, { mp4: plain, folder }))
      const verdict = await probeSource(tools, file, rest)
      if (!isVideo)
        expect(verdict).toEqual({ isVideo: false, reason: expect.stringMatching(/not a video|no picture/) })
      // Past what is recognised by its first bytes: ffmpeg itself, looking, walking through and decoding.
      const { stdout } = await runFfprobe(tools, file, ['-of', 'json', '-show_format', '-show_streams'], rest)
      expect(stdout).not.toContain(`"width": ${CANARY.width}`)
      if (isVideo) {
        await scanStreams(tools, file, rest)
        await mkdir(at('out'), { recursive: true })
        const output = at(`out/${name}.mp4`)
        const decode = { url: inputUrl(file), options: ALLOW_LISTS }
        const encode = { path: output, options: ['-map', '0:v?', '-frames:v', '3', '-f', 'mp4'] }
        await runFfmpeg(tools, { inputs: [decode], outputs: [encode] }, { signal: rest }).catch(
          () => undefined,
        )
        const made = await runFfprobe(tools, output, ['-show_streams'], rest)
        expect(made.stdout).not.toContain(`width=${CANARY.width}`)
      }
      expect(asked).toEqual([])
    },
  )

  it('would be found out: the same file without allow-lists asks the address', async () => {
    const { promisify } = await import('node:util')
    const { execFile } = await import('node:child_process')
    const reference = REFERENCES.find(({ name }) => name === 'playlist.ts')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/control.ts`
    await writeFile(
      at('control.ts.m3u8'),
      (await reference?.bytes({ url, file: '' }, { mp4: plain, folder })) ?? '',
    )
    await promisify(execFile)('/usr/bin/ffprobe', [
      '-v',
      'error',
      '-protocol_whitelist',
      'file,http,tcp',
      at('control.ts.m3u8'),
    ])
    expect(asked.splice(0)).toContain('/control.ts')
  })
})

describe('a bomb', () => {
  it.each(BOMBS.map((bomb) => [bomb.title, bomb] as const))('of %s is refused in words', async (_, bomb) => {
    const file = at(bomb.name)
    await bomb.make(file)
    const verdict = await probeSource(confined, file, rest)
    if (!verdict.isVideo) {
      expect(verdict.reason).toMatch(bomb.refusal)
      return
    }
    const { extents } = await scanStreams(confined, file, rest)
    const seconds = playedSeconds(verdict.media, extents)
    expect(refusalOf(seconds, extents.get(verdict.media.video?.index ?? -1), extents)).toMatch(bomb.refusal)
  })
})
