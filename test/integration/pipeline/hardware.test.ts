/** Hardware encoders as this program meets them: tried at start, and replaced by software whatever they do. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newVideoId, type VideoId } from '../../../src/kernel/ids.ts'
import type { Logger } from '../../../src/kernel/logger.ts'
import { FileStore } from '../../../src/media/file-store.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { hasTwoConfigs } from '../../../src/packaging/joined-config.ts'
import { parseTimeline } from '../../../src/packaging/timeline.ts'
import { HARDWARE_KINDS } from '../../../src/pipeline/ffmpeg/encoder-argv.ts'
import { takeHardware } from '../../../src/pipeline/ffmpeg/hardware-use.ts'
import { type FfmpegTools, prepareFfmpeg } from '../../../src/pipeline/ffmpeg/tools.ts'
import { findHardwareEncoder, type HardwareSearch } from '../../../src/pipeline/hardware-encoder.ts'
import { planLadder } from '../../../src/pipeline/ladder.ts'
import { openAttemptDir, type StepParts } from '../../../src/pipeline/steps/step-parts.ts'
import { storeSegments } from '../../../src/pipeline/steps/store-segments.ts'
import { makeMeasuredSegments } from '../../../src/pipeline/steps/video-segments.ts'
import { makeFakeHardware, seenUse } from '../../support/fake-hardware.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { h264, joinRendition, makeVideo, readPackets, storeOriginal } from '../../support/media.ts'
import { silent } from '../../support/pipeline.ts'

let folder: string
let plain: FfmpegTools
const at = (name: string) => path.join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-hardware-'))
  plain = await prepareFfmpeg({
    ffmpegPath: '/usr/bin/ffmpeg',
    ffprobePath: '/usr/bin/ffprobe',
    tmpDir: at('tmp'),
  })
  await mkdir(at('dev/dri'), { recursive: true })
  await writeFile(at('dev/nvidiactl'), '')
  await writeFile(at('dev/dri/renderD128'), '')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function heard(): { logger: Logger; said: string[] } {
  const said: string[] = []
  const say = (fields: { refusals?: readonly string[] }, message: string) =>
    said.push([message, ...(fields.refusals ?? [])].join('\n'))
  return { logger: { ...silent, info: say, warn: say } as unknown as Logger, said }
}

describe('at start', () => {
  const search = async (more: Partial<HardwareSearch>) => {
    const { logger, said } = heard()
    const use = await findHardwareEncoder({
      setting: 'auto',
      tools: plain,
      encoders: new Set(HARDWARE_KINDS.map((kind) => `h264_${kind}`)),
      tmpDir: at('tmp'),
      logger,
      platform: 'linux',
      deviceDir: at('dev'),
      ...more,
    })
    return { encoder: use.encoder, name: use.name, said: said.join('\n') }
  }

  it('hardware that makes the frames it is asked for is taken', async () => {
    const fake = await makeFakeHardware(plain, folder)
    await fake.behave('well')
    expect(await search({ tools: fake.tools })).toMatchObject({
      encoder: { kind: 'nvenc' },
      name: 'h264_nvenc',
      said: 'hardware encodes H.264',
    })
  })

  it('hardware that fails is said to, once, and software encodes', async () => {
    // This machine has none: its real ffmpeg fails with each.
    const { encoder, said } = await search({})
    expect(encoder).toBeUndefined()
    expect(said).toMatch(
      /^no hardware encoder works here: software encodes\nh264_nvenc: .+\nh264_vaapi: .+\nh264_qsv: /,
    )
  })

  it('hardware that hangs is not waited for (pain 28)', async () => {
    const fake = await makeFakeHardware(plain, folder)
    await fake.behave('hangs')
    const { encoder, said } = await search({ setting: 'nvenc', tools: fake.tools, trialMs: 1000 })
    expect(encoder).toBeUndefined()
    expect(said).toContain('h264_nvenc: it did not answer within 1 s')
  })

  it.each([
    ['nothing is tried that is not set', { setting: 'none' }, ''],
    [
      'what ffmpeg was built without',
      { setting: 'qsv', encoders: new Set<string>() },
      'built without h264_qsv',
    ],
    [
      'a machine without the device',
      { setting: 'vaapi', deviceDir: '/nowhere' },
      'there is no device for vaapi',
    ],
    [
      'a machine with nothing, unless it is asked for, says nothing',
      { setting: 'auto', deviceDir: '/nowhere' },
      '',
    ],
  ] as const)('%s', async (_, more, words) => {
    const { encoder, said } = await search(more)
    expect(encoder).toBeUndefined()
    if (words === '') expect(said).toBe('')
    else expect(said).toContain(words)
  })

  it('hardware that fails three times in a row is given up, and says so once for the first and once then', () => {
    const { logger, said } = heard()
    const use = takeHardware({ kind: 'nvenc' }, logger)
    use.failed(new Error('one'))
    use.succeeded()
    use.failed(new Error('two'))
    use.failed(new Error('three'))
    expect(use.name).toBe('h264_nvenc')
    use.failed(new Error('four'))
    expect([use.name, use.encoder]).toEqual([undefined, undefined])
    expect(said).toEqual([
      'the hardware encoder failed: software made that part',
      'the hardware encoder failed again and is given up: software encodes from here on',
    ])
  })
})

describe('a rung', () => {
  const rungs = planLadder({ width: 320, height: 180, frameRate: 25 }, 'planned')
  const rung = rungs[0]?.name ?? ''
  let store: FileStore
  let source: string
  beforeAll(async () => {
    store = new FileStore(at('media'))
    source = await makeVideo(at('source.mp4'), { seconds: 4 }, ...h264(25, 1), '-an')
  })

  async function begin(): Promise<VideoId> {
    const videoId = newVideoId()
    await storeOriginal(store, videoId, source, {
      gopSeconds: 1,
      frameRate: 25,
      frames: 100,
      width: 320,
      height: 180,
    })
    return videoId
  }

  /** One segment of the rung, made and stored as by a worker. */
  async function make(videoId: VideoId, number: number, tools: FfmpegTools): Promise<void> {
    const timeline = parseTimeline((await store.read(mediaKeys.timeline(videoId)))?.toString() ?? '')
    await using dir = await openAttemptDir(at('tmp'), 'chunk')
    const made = await makeMeasuredSegments(
      {
        store,
        tools,
        storageDir: folder,
        tmpDir: at('tmp'),
        threads: 1,
        logger: silent,
      } as unknown as StepParts,
      {
        ...{
          videoId,
          upload: undefined,
          timeline,
          segments: timeline.segments.slice(number, number + 1),
          rungs,
        },
        ...{ dir: dir.path, index: number, attempts: 1, isUrgent: true, isLastAttempt: false },
        signal: AbortSignal.timeout(120_000),
      },
    )
    for (const one of made) await storeSegments(store, videoId, one, number > 0)
  }

  async function mustBeWhole(videoId: VideoId): Promise<void> {
    const file = at(`${videoId}.mp4`)
    await writeFile(file, await joinRendition(store, videoId, rung))
    const packets = await readPackets(file)
    const begins = packets[0]?.pts ?? 0
    expect(packets.map(({ pts }) => Math.round((pts - begins) * 25))).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    )
    // Decoded with another's parameters a picture is damaged, or like nothing in the source.
    const likeness = await ffmpeg(
      ...['-xerror', '-err_detect', 'explode', '-i', file, '-i', source],
      ...[
        '-lavfi',
        '[0:v]settb=1/25,setpts=N[a];[1:v]settb=1/25,setpts=N[b];[a][b]ssim=stats_file=-',
        '-f',
        'null',
        '-',
      ],
    )
    const each = [...likeness.matchAll(/All:([\d.]+)/g)].map(([, value]) => Number(value))
    expect(each).toHaveLength(100)
    expect(Math.min(...each)).toBeGreaterThan(0.7)
  }

  it('begun by hardware is gone on with by software when it fails or hangs, and by software elsewhere, in one stream (pain 28)', async () => {
    const hardware = seenUse()
    const fake = await makeFakeHardware(plain, folder)
    await fake.behave('well')
    const tools = { ...fake.tools, hardware, stallMs: 2000 }
    const videoId = await begin()
    await make(videoId, 0, tools)
    const init = await readFile(store.localPath(mediaKeys.init(videoId, rung)) ?? '')
    expect(hasTwoConfigs(init)).toBe(true)
    await fake.behave('fails-in-the-middle')
    await make(videoId, 1, tools)
    await fake.behave('hangs')
    await make(videoId, 2, tools)
    expect([hardware.successes, hardware.failures.length]).toEqual([1, 2])
    expect(String(hardware.failures[1])).toContain('no progress')
    // A worker without hardware, and one whose driver makes another stream.
    await make(videoId, 3, plain)
    await mustBeWhole(videoId)
    const other = await makeFakeHardware(plain, folder, 'medium')
    const elsewhere = seenUse()
    await make(videoId, 3, { ...other.tools, hardware: elsewhere })
    expect(String(elsewhere.failures[0])).toContain('Another encoder began')
    expect(await readFile(store.localPath(mediaKeys.init(videoId, rung)) ?? '')).toEqual(init)
    await mustBeWhole(videoId)
  })

  it('begun by software stays with it', async () => {
    const hardware = seenUse()
    const fake = await makeFakeHardware(plain, folder)
    await fake.behave('well')
    const videoId = await begin()
    await make(videoId, 0, plain)
    for (const number of [1, 2, 3]) await make(videoId, number, { ...fake.tools, hardware })
    expect([hardware.successes, hardware.failures.length]).toEqual([0, 0])
    await mustBeWhole(videoId)
  })
})
