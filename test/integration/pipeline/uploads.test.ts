/** Uploads that cannot be played as they are: every kind of file people have, made playable by the pipeline. */
import { stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { parseTimeline } from '../../../src/packaging/timeline.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { faultsOfAll } from '../../support/hls/presentation-of.ts'
import {
  findBeep,
  findFlash,
  h264,
  joinRendition,
  makeFlash,
  makeVideo,
  readPackets,
  readSamples,
} from '../../support/media.ts'
import { addUpload, openTestPipeline, type TestPipeline, untilSettled } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let db: TestDatabase
let pipeline: TestPipeline
let worker: AsyncDisposable
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url)
  worker = await pipeline.work()
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

const at = (name: string) => path.join(pipeline.storageDir, name)

async function upload(file: string) {
  const videoId = await addUpload(pipeline, file)
  return { videoId, video: await untilSettled(pipeline, videoId) }
}

/** A rendition as one file. */
async function joined(videoId: VideoId, rendition: string): Promise<string> {
  const file = at(`${videoId}-${rendition}.mp4`)
  await writeFile(file, await joinRendition(pipeline.store, videoId, rendition))
  return file
}

const VP9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus']
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error', '-c:a', 'aac']

describe('an upload', () => {
  it.each([
    ['VP9 and Opus in WebM', 'a.webm', VP9, 25],
    ['HEVC in MP4', 'b.mp4', HEVC, 30],
    ['MPEG-4 part 2 and MP3 in AVI', 'c.avi', ['-c:v', 'mpeg4', '-bf', '2', '-c:a', 'libmp3lame'], 25],
    ['MPEG-2 and MP2 in a transport stream', 'd.ts', ['-c:v', 'mpeg2video', '-bf', '2', '-c:a', 'mp2'], 25],
  ])('of %s is encoded whole, picture and sound in step', async (_, name, codecs, rate) => {
    const { videoId, video } = await upload(await makeFlash(at(name), { seconds: 6, at: 3, rate }, ...codecs))
    expect(video).toMatchObject({
      state: 'ready',
      timelineKind: 'planned',
      playable: true,
      failureCode: null,
    })
    expect(video.renditions.map((rendition) => [rendition.name, rendition.state])).toEqual([
      ['audio', 'ready'],
      ['180p', 'ready'],
    ])
    const [picture, sound] = await Promise.all([joined(videoId, '180p'), joined(videoId, 'audio')])
    expect(await readPackets(picture)).toHaveLength(6 * rate)
    expect((await readSamples(sound)).length / 48_000).toBeCloseTo(6, 1)
    const [flash, beep] = await Promise.all([findFlash(picture), findBeep(sound)])
    expect(Math.abs(flash - 3)).toBeLessThanOrEqual(1 / rate + 0.001)
    expect(Math.abs(flash - beep)).toBeLessThanOrEqual(0.02)
  })

  it('keeps sound and picture in step across chunks, without a seam', async () => {
    const { videoId, video } = await upload(
      await makeFlash(at('long.webm'), { seconds: 18, at: 9, size: '160x90', rate: 20 }, ...VP9),
    )
    expect(video.state).toBe('ready')
    expect(await pipeline.database.chunk.count({ where: { videoId, rendition: { kind: 'audio' } } })).toBe(3)
    const [picture, sound] = await Promise.all([joined(videoId, '90p'), joined(videoId, 'audio')])
    const packets = await readPackets(picture)
    expect(packets).toHaveLength(360)
    expect(Math.abs((await findFlash(picture)) - (await findBeep(sound)))).toBeLessThanOrEqual(0.02)
    // Times of all packets are regular: nothing missing or twice where chunks meet.
    const steps = packets.slice(1).map(({ pts }, i) => pts - (packets[i]?.pts ?? 0))
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(0.001)
    const audio = await readPackets(sound, 'a:0')
    const audioSteps = audio.slice(1).map(({ pts }, i) => pts - (audio[i]?.pts ?? 0))
    expect(Math.max(...audioSteps) - Math.min(...audioSteps)).toBeLessThan(0.0001)
  })

  it('has a tone that runs through the joint of two chunks', async () => {
    const file = await makeVideo(at('tone.webm'), { seconds: 12, size: '64x36', rate: 10 }, ...VP9)
    const { videoId, video } = await upload(file)
    expect(video.state).toBe('ready')
    const samples = await readSamples(await joined(videoId, 'audio'))
    // A pure tone of angular frequency w obeys x[n+1] + x[n-1] = 2 cos(w) x[n]; a jump does not.
    const factor = 2 * Math.cos((2 * Math.PI * 440) / 48_000)
    const residue = (from: number, to: number) => {
      let most = 0
      for (let n = from + 1; n < to; n++)
        most = Math.max(
          most,
          Math.abs((samples[n + 1] ?? 0) + (samples[n - 1] ?? 0) - factor * (samples[n] ?? 0)),
        )
      return most
    }
    const joint = 8 * 48_000
    expect(residue(joint - 4000, joint + 4000)).toBeLessThan(2 * residue(2 * 48_000, 7 * 48_000) + 0.002)
  })

  it('of a turned phone picture is shown upright', async () => {
    const flat = await makeVideo(at('flat.mp4'), { seconds: 2 }, ...HEVC)
    const file = at('turned.mp4')
    await ffmpeg('-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90', file)
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', width: 180, height: 320 })
    expect(video.renditions.find(({ kind }) => kind === 'video')).toMatchObject({
      name: '180p',
      width: 180,
      height: 320,
    })
    expect(await readPackets(await joined(videoId, '180p'))).toHaveLength(50)
  })

  it('of a variable frame rate gets a constant one, and shows each picture when the source does', async () => {
    // 25 a second, of which those between 1 s and 3 s are dropped but for one in ten.
    const file = await makeFlash(
      at('vfr.mkv'),
      { seconds: 6, at: 4 },
      '-vf',
      "select='not(between(t,1,3))+not(mod(n,10))'",
      '-vsync',
      'vfr',
      ...VP9,
    )
    const { videoId, video } = await upload(file)
    expect(video.state).toBe('ready')
    const rate = video.frameRate ?? 0
    const picture = await joined(videoId, '180p')
    expect(await readPackets(picture)).toHaveLength(Math.round(6 * rate))
    expect(Math.abs((await findFlash(picture)) - 4)).toBeLessThanOrEqual(1 / rate + 0.001)
  })

  it('of an odd size loses a line', async () => {
    const { video, videoId } = await upload(
      await makeVideo(at('odd.webm'), { seconds: 1, size: '853x479' }, ...VP9),
    )
    expect(video.renditions.map(({ name, width, height }) => [name, width, height])).toEqual([
      ['audio', null, null],
      ['478p', 852, 478],
      ['360p', 642, 360],
      ['240p', 428, 240],
    ])
    for (const name of ['478p', '360p', '240p'])
      expect(await readPackets(await joined(videoId, name))).toHaveLength(25)
  })

  it('without sound has no audio rendition', async () => {
    const { video } = await upload(
      await makeVideo(at('mute.webm'), { seconds: 1 }, '-an', ...VP9.slice(0, 6)),
    )
    expect(video).toMatchObject({ state: 'ready', failureCode: null })
    expect(video.renditions.map(({ name }) => name)).toEqual(['180p'])
  })

  it('of two sound tracks plays the one marked as default', async () => {
    const file = at('two.mkv')
    await ffmpeg(
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=25:duration=2',
        '-f',
        'lavfi',
        '-i',
        'anullsrc=r=48000:d=2',
        '-f',
        'lavfi',
        '-i',
        'sine=frequency=440:duration=2',
      ],
      ...[
        '-map',
        '0',
        '-map',
        '1',
        '-map',
        '2',
        ...VP9,
        '-disposition:a:0',
        '0',
        '-disposition:a:1',
        'default',
        file,
      ],
    )
    const { videoId, video } = await upload(file)
    expect(video.state).toBe('ready')
    expect(await findBeep(await joined(videoId, 'audio'))).toBeLessThan(0.05)
  })

  it('whose sound begins later than its pictures keeps the distance', async () => {
    const whole = await makeFlash(at('late-whole.mkv'), { seconds: 4, at: 2 }, ...VP9)
    const file = at('late.mkv')
    await ffmpeg(
      '-i',
      whole,
      '-i',
      whole,
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-c:v',
      'copy',
      '-af',
      "aselect='gte(t,1)'",
      '-c:a',
      'libopus',
      file,
    )
    const { videoId, video } = await upload(file)
    expect(video.state).toBe('ready')
    const [flash, beep] = [
      await findFlash(await joined(videoId, '180p')),
      await findBeep(await joined(videoId, 'audio')),
    ]
    expect(Math.abs(flash - beep)).toBeLessThanOrEqual(0.02)
  })
})

describe('an upload of H.264', () => {
  const kinds = (video: Awaited<ReturnType<typeof untilSettled>>) =>
    video.renditions.map(({ name, kind, settings }) => [name, settings === null ? 'passed' : kind])

  it('and AAC plays as it is, and lower rungs are made of its own segments', async () => {
    const file = await makeFlash(
      at('plain.mp4'),
      { seconds: 10, at: 5, size: '640x360' },
      ...h264(25),
      '-c:a',
      'aac',
    )
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'measured', failureCode: null })
    expect(kinds(video)).toEqual([
      ['original', 'passed'],
      ['audio', 'passed'],
      ['240p', 'video'],
    ])
    const [low, original, sound] = await Promise.all(
      ['240p', 'original', 'audio'].map((name) => joined(videoId, name)),
    )
    expect(await readPackets(low ?? '')).toHaveLength(250)
    expect(await readPackets(original ?? '')).toHaveLength(250)
    const flash = await findFlash(low ?? '')
    expect(Math.abs(flash - (await findFlash(original ?? '')))).toBeLessThan(0.001)
    expect(Math.abs(flash - 5)).toBeLessThan(0.001)
    expect(await findBeep(sound ?? '')).toBeGreaterThan(0)
  })

  it.each([
    ['AC-3 in Matroska', 'ac3.mkv', ['-c:a', 'ac3', '-b:a', '192k']],
    ['MP3 in FLV', 'mp3.flv', ['-ar', '44100', '-c:a', 'libmp3lame']],
    ['MP2 in a transport stream', 'mp2.ts', ['-c:a', 'mp2']],
  ])('and %s keeps its pictures and gets new sound, in step', async (_, name, codecs) => {
    const file = await makeFlash(at(name), { seconds: 10, at: 8, size: '160x90' }, ...h264(25), ...codecs)
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'measured', failureCode: null })
    expect(kinds(video)).toEqual([
      ['original', 'passed'],
      ['audio', 'audio'],
    ])
    const [picture, sound] = [await joined(videoId, 'original'), await joined(videoId, 'audio')]
    const { segments } = parseTimeline(
      (await pipeline.store.read(mediaKeys.timeline(videoId)))?.toString('utf8') ?? '',
    )
    const flash = (segments[0]?.start ?? 0) + (await findFlash(picture))
    expect(Math.abs(flash - (await findBeep(sound)))).toBeLessThanOrEqual(0.02)
  })

  it('in AVI, which does not say when pictures are shown, is encoded', async () => {
    const file = await makeFlash(at('h264.avi'), { seconds: 4, at: 2 }, ...h264(25), '-c:a', 'libmp3lame')
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'planned' })
    const [flash, beep] = [
      await findFlash(await joined(videoId, '180p')),
      await findBeep(await joined(videoId, 'audio')),
    ]
    // The muxer of the source left two frames of reordering between them.
    expect(Math.abs(flash - beep)).toBeLessThanOrEqual(0.1)
  })

  it('that is turned keeps its pictures; its rungs are upright', async () => {
    const flat = await makeVideo(
      at('flat264.mp4'),
      { seconds: 4, size: '640x360' },
      ...h264(25),
      '-c:a',
      'aac',
    )
    const file = at('turned264.mp4')
    await ffmpeg('-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90', file)
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'measured', width: 360, height: 640 })
    expect(video.renditions.at(-1)).toMatchObject({ name: '240p', width: 240, height: 426 })
    expect(await readPackets(await joined(videoId, '240p'))).toHaveLength(100)
  })

  it('with keyframes too far apart for a player is encoded instead', async () => {
    const file = await makeVideo(
      at('sparse.mp4'),
      { seconds: 30, size: '640x360', rate: 10 },
      ...h264(10, 20),
      '-an',
    )
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'planned', failureCode: null })
    expect(video.renditions.map(({ name }) => name)).toEqual(['360p', '240p'])
    expect(await readPackets(await joined(videoId, '360p'))).toHaveLength(300)
    expect(await readPackets(await joined(videoId, '240p'))).toHaveLength(300)
  })

  it('of a variable frame rate keeps every frame at its own time in all rungs', async () => {
    const file = await makeVideo(
      at('vfr264.mkv'),
      { seconds: 6, size: '640x360', rate: 30 },
      ...['-vf', "select='not(between(t,1,3))+not(mod(n,7))'", '-vsync', 'vfr', '-an'],
      ...h264(30, 1),
    )
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'measured' })
    const [low, original] = await Promise.all(
      ['240p', 'original'].map(async (name) => readPackets(await joined(videoId, name))),
    )
    expect(low?.length).toBe(original?.length)
    const off = low?.map(
      ({ pts }, i) => pts - (low[0]?.pts ?? 0) - ((original?.[i]?.pts ?? 0) - (original?.[0]?.pts ?? 0)),
    )
    expect(Math.max(...(off ?? [1]).map(Math.abs))).toBeLessThan(0.0021)
  })

  it('of open groups of pictures loses none of them in its rungs', async () => {
    const file = await makeVideo(
      at('open.ts'),
      { seconds: 20, size: '640x360' },
      ...h264(25),
      ...['-x264-params', 'open-gop=1', '-an'],
    )
    const { videoId, video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', timelineKind: 'measured' })
    const [low, original] = [
      await readPackets(await joined(videoId, '240p')),
      await readPackets(await joined(videoId, 'original')),
    ]
    expect(low).toHaveLength(original.length)
  })
})

describe('a damaged upload', () => {
  it('that was cut off plays as far as it goes and says so', async () => {
    const file = await makeVideo(at('cut.webm'), { seconds: 6 }, '-g', '25', ...VP9)
    await truncate(file, Math.round((await stat(file)).size * 0.5))
    const { videoId, video } = await upload(file)
    expect(video.state).toBe('ready')
    expect(video.durationSeconds).toBeGreaterThan(1.5)
    expect(video.durationSeconds).toBeLessThan(4.5)
    expect(video).toMatchObject({
      failureCode: 'source-incomplete',
      failureDetail: expect.stringMatching(/says it lasts 6 s but ends after \d s/),
    })
    expect(await readPackets(await joined(videoId, '180p'))).toHaveLength(
      Math.round((video.durationSeconds ?? 0) * 25),
    )
  })

  it('in a transport stream cut in the middle of a packet plays', async () => {
    const file = await makeVideo(
      at('cut.ts'),
      { seconds: 6 },
      '-c:v',
      'mpeg2video',
      '-g',
      '12',
      '-c:a',
      'mp2',
    )
    await truncate(file, Math.round((await stat(file)).size * 0.5) + 77)
    const { video } = await upload(file)
    expect(video.state).toBe('ready')
    expect(video.durationSeconds).toBeGreaterThan(2)
    expect(video.durationSeconds).toBeLessThan(4)
  })

  it.each(['cut.flv', 'cut264.mkv', 'cut264.ts'])('of H.264 in %s plays as far as it goes', async (name) => {
    const file = await makeVideo(at(name), { seconds: 10, size: '160x90' }, ...h264(25), '-c:a', 'aac')
    await truncate(file, Math.round((await stat(file)).size * 0.6))
    const { video } = await upload(file)
    expect(video).toMatchObject({ state: 'ready', playable: true })
    expect(video.durationSeconds).toBeGreaterThan(4)
    expect(video.durationSeconds).toBeLessThan(8)
  })
})

it('everything here has playlists that keep every rule', async () => {
  expect(await faultsOfAll(pipeline)).toEqual([])
})
