/** What is made beside the pictures: storyboard, preview, poster, words and chapters that came with a video. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { encodeTimelineEntry, type TimelineEntry } from '../../../src/packaging/timeline.ts'
import { makePosterMaker } from '../../../src/pipeline/poster/poster-maker.ts'
import { findSceneChanges } from '../../../src/pipeline/storyboard/scene-samples.ts'
import { captionedStream } from '../../support/closed-captions.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { h264, storeOriginal } from '../../support/media.ts'
import {
  addUpload,
  addVideo,
  openTestPipeline,
  type TestPipeline,
  until,
  untilSettled,
} from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

const run = promisify(execFile)
const SCENE_AT = 12
const SECONDS = 24

let dir: string
let database: TestDatabase
let pipeline: TestPipeline

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'reprise-beside-'))
  database = await createTestDatabase()
  pipeline = await openTestPipeline(database.url, { storageDir: dir, beside: true })
})
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

const videoOf = (id: VideoId) =>
  pipeline.database.video.findUniqueOrThrow({
    where: { id },
    include: { storyboard: { orderBy: { number: 'asc' } }, captions: { orderBy: { source: 'asc' } } },
  })

async function sizeOf(file: string): Promise<string> {
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'stream=width,height',
    '-of',
    'csv=p=0:s=x',
    file,
  ])
  return stdout.trim()
}

/** Two scenes, words in two languages, two chapters. */
async function makeFilm(file: string, ...encoder: readonly string[]): Promise<string> {
  await writeFile(path.join(dir, 'en.srt'), '1\n00:00:01,000 --> 00:00:03,000\n<b>Good evening</b>\n')
  await writeFile(path.join(dir, 'de.srt'), '1\n00:00:01,000 --> 00:00:03,000\nGuten Abend\n')
  await writeFile(
    path.join(dir, 'chapters.txt'),
    `;FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=${SCENE_AT}\ntitle=Day\n[CHAPTER]\nTIMEBASE=1/1\nSTART=${SCENE_AT}\nEND=${SECONDS}\ntitle=Night\n`,
  )
  await ffmpeg(
    ...[
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=320x180:rate=25:duration=${SECONDS},drawbox=w=iw:h=ih:color=black:t=fill:enable='gte(t,${SCENE_AT - 0.5})'`,
    ],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`],
    ...['-i', path.join(dir, 'en.srt'), '-i', path.join(dir, 'de.srt'), '-i', path.join(dir, 'chapters.txt')],
    ...['-map', '0:v', '-map', '1:a', '-map', '2:s', '-map', '3:s', '-map_chapters', '4'],
    ...encoder,
    ...['-c:a', 'aac', '-c:s:0', 'srt', '-c:s:1', 'ass'],
    ...['-metadata:s:s:0', 'language=eng', '-disposition:s:0', 'default+hearing_impaired'],
    ...['-metadata:s:s:1', 'language=ger', '-metadata:s:s:1', 'title=Deutsch (Forum)', file],
  )
  return file
}

describe('an uploaded film', () => {
  it.each([
    ['that plays as it is', h264(25)],
    ['that has to be encoded', ['-c:v', 'mpeg4', '-q:v', '5', '-g', '50']],
  ])('%s gets its storyboard, a preview, a poster, its words and its chapters', async (_, encoder) => {
    const videoId = await addUpload(pipeline, await makeFilm(path.join(dir, `${encoder[1]}.mkv`), ...encoder))
    await using _worker = await pipeline.work()
    await untilSettled(pipeline, videoId)
    const video = await until(pipeline, async () => {
      const now = await videoOf(videoId)
      return now.previewName && now.captions.length === 2 && now.sourceChapters && now.posterName
        ? now
        : undefined
    })
    const starts = video.storyboard.flatMap((sheet) => sheet.starts)
    expect(video.storyboardSheets).toBe(1)
    expect(starts[0]).toBe(0)
    expect(starts.length).toBeGreaterThanOrEqual(6)
    expect(video.storyboard[0]).toMatchObject({ columns: 5, tileWidth: 160, tileHeight: 90 })
    expect(video.storyboard[0]?.endSeconds).toBeCloseTo(SECONDS, 0)
    const place = (key: ReturnType<typeof mediaKeys.poster>) => pipeline.store.localPath(key)
    expect(await sizeOf(place(mediaKeys.storyboardSheet(videoId, 0)))).toBe('800x450')
    expect(await sizeOf(place(mediaKeys.posterPicture(videoId, video.posterName ?? '', 'page')))).toBe(
      '320x180',
    )
    const preview = await readFile(place(mediaKeys.preview(videoId, video.previewName ?? '')))
    expect(preview.subarray(8, 12).toString()).toBe('WEBP')
    // Equal ones are one: half of it is black.
    expect(preview.toString('latin1').split('ANMF').length - 1).toBeGreaterThanOrEqual(3)

    const changes = findSceneChanges(
      video.storyboard.map((sheet) => ({ starts: sheet.starts, samples: sheet.samples })),
      SECONDS,
    )
    expect(changes.map(({ start }) => Math.round(start))).toEqual([SCENE_AT])

    expect(video.captions.map(({ id, videoId: of, createdAt, updatedAt, ...rest }) => rest)).toEqual([
      {
        origin: 'embedded',
        source: 'stream 2',
        language: 'en',
        name: 'English',
        kind: 'captions',
        isDefault: true,
        version: 1,
        cues: 1,
        text: expect.stringMatching(/00:00:01\.0\d\d --> 00:00:03\.0\d\d\n<b>Good evening<\/b>/),
      },
      {
        origin: 'embedded',
        source: 'stream 3',
        language: 'de',
        name: 'Deutsch (Forum)',
        kind: 'subtitles',
        isDefault: false,
        version: 1,
        cues: 1,
        text: expect.stringContaining('Guten Abend'),
      },
    ])
    expect(video.sourceChapters).toEqual([
      { start: 0, title: 'Day' },
      { start: SCENE_AT, title: 'Night' },
    ])

    // Twice is as good as once.
    for (const kind of ['make-storyboard', 'find-captions'] as const)
      await pipeline.handlers[kind]({
        id: '',
        data: { videoId },
        attempt: 1,
        isLastAttempt: false,
        signal: new AbortController().signal,
      })
    const again = await videoOf(videoId)
    expect(again.captions).toEqual(video.captions)
    expect(again.storyboard).toEqual(video.storyboard)
  })
})

describe('a film of which no quality is made yet', () => {
  it('has the pictures of its storyboard taken from the file, each from its own moment', async () => {
    const file = await makeFilm(path.join(dir, 'waiting.mkv'), '-c:v', 'mpeg4', '-q:v', '5', '-g', '25')
    const videoId = await addUpload(pipeline, file)
    const span = { init: 0, duration: 4, frames: 100, discontinuity: false, videoBytes: 0, audioBytes: 0 }
    const lines: readonly TimelineEntry[] = [
      { kind: 'start', version: 1, timeline: 'planned' },
      { kind: 'init', init: 0, video: { codec: '', width: 320, height: 180, frameRate: 25 } },
      ...Array.from({ length: SECONDS / 4 }, (_, number) => ({
        kind: 'segment' as const,
        number,
        start: 4 * number,
        ...span,
      })),
      { kind: 'end', duration: SECONDS },
    ]
    await pipeline.store.put(
      mediaKeys.timeline(videoId),
      Buffer.from(lines.map(encodeTimelineEntry).join('')),
    )
    await pipeline.handlers['make-storyboard']({
      id: '',
      data: { videoId },
      attempt: 1,
      isLastAttempt: false,
      signal: new AbortController().signal,
    })
    const { storyboard, previewName } = await videoOf(videoId)
    expect(previewName).not.toBeNull()
    expect(storyboard[0]?.starts).toEqual([0, 4, 8, 12, 16, 20])
    const samples = Buffer.from(storyboard[0]?.samples ?? [])
    const pictures = Array.from({ length: 6 }, (_, i) => samples.subarray(i * 144, (i + 1) * 144))
    const isBlack = pictures.map((picture) => picture.every((value) => value < 20))
    expect(isBlack).toEqual([false, false, false, true, true, true])
    expect(pictures[0]?.equals(pictures[2] ?? Buffer.alloc(0))).toBe(false)
  })
})

describe('a broadcast', () => {
  it('has its storyboard grow sheet by sheet, killed or not, and completed at its end', async () => {
    const [rate, seconds] = [5, 112]
    const file = path.join(dir, 'long.mp4')
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${rate}:duration=${seconds}`],
      ...[...h264(rate), file],
    )
    const videoId = await addVideo(pipeline.database)
    const size = { width: 320, height: 180 }
    await storeOriginal(pipeline.store, videoId, file, {
      gopSeconds: 2,
      frameRate: rate,
      frames: rate * seconds,
      ...size,
    })
    const key = mediaKeys.timeline(videoId)
    const lines = (await pipeline.store.read(key))?.toString().trimEnd().split('\n') ?? []
    const upTo = (segments: number) =>
      pipeline.store.put(key, Buffer.from(`${lines.slice(0, 2 + segments).join('\n')}\n`))
    const make = (signal = new AbortController().signal) =>
      pipeline.handlers['make-storyboard']({
        id: '',
        data: { videoId },
        attempt: 1,
        isLastAttempt: false,
        signal,
      })
    const startsOf = async () =>
      (await videoOf(videoId)).storyboard.map(({ starts, endSeconds }) => [
        starts[0],
        starts.length,
        endSeconds,
      ])

    await upTo(25)
    await make()
    expect(await startsOf(), 'the last picture may go on').toEqual([])
    await upTo(30)
    const stopped = new AbortController()
    const running = make(stopped.signal)
    stopped.abort(new Error('killed'))
    await expect(running).rejects.toThrow('killed')
    expect(await startsOf()).toEqual([])
    await make()
    const first = await readFile(pipeline.store.localPath(mediaKeys.storyboardSheet(videoId, 0)))
    expect(await startsOf()).toEqual([[0, 25, 50]])
    expect((await videoOf(videoId)).previewName).toBeNull()
    await pipeline.store.put(key, Buffer.from(`${lines.join('\n')}\n`))
    await Promise.all([make(), make()])
    expect(await startsOf()).toEqual([
      [0, 25, 50],
      [50, 25, 100],
      [100, 6, seconds],
    ])
    expect(await readFile(pipeline.store.localPath(mediaKeys.storyboardSheet(videoId, 0)))).toEqual(first)
    expect((await videoOf(videoId)).previewName).not.toBeNull()
  })
})

describe('closed captions in the pictures', () => {
  it('are noticed, and become a track with the times at which a television shows them', async () => {
    const { file, frames } = await captionedStream(dir)
    // The fixture itself: what another program sees in it.
    const { stdout } = await run('ffprobe', ['-v', 'error', '-show_frames', '-read_intervals', '%+#2', file])
    expect(stdout).toContain('ATSC A53 Part 4 Closed Captions')
    const videoId = await addVideo(pipeline.database)
    await storeOriginal(pipeline.store, videoId, file, {
      gopSeconds: 2,
      frameRate: 25,
      frames,
      width: 320,
      height: 180,
    })
    await pipeline.handlers['find-captions']({
      id: '',
      data: { videoId },
      attempt: 1,
      isLastAttempt: false,
      signal: new AbortController().signal,
    })
    const video = await videoOf(videoId)
    expect(video.closedCaptions).toBe(true)
    expect(video.captions).toMatchObject([{ origin: 'broadcast', source: 'CC1', kind: 'captions', cues: 1 }])
    const [, start, end, words] = /(\S+) --> (\S+)[^\n]*\n(.*)/.exec(video.captions[0]?.text ?? '') ?? []
    expect(words).toBe('HELLO REPRISE')
    const seconds = (time = '') => Number(time.slice(-6))
    expect(seconds(start)).toBeCloseTo(2, 0)
    expect(seconds(end)).toBeCloseTo(5, 0)
  })
})

describe('a picture that somebody sent', () => {
  const { signal } = new AbortController()
  const makePicture = async (name: string, ...args: readonly string[]) => {
    const file = path.join(dir, name)
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=1600x1200', '-frames:v', '1', ...args, file)
    return readFile(file)
  }
  const maker = () => makePosterMaker({ ...pipeline, logger: console as never })

  it.each([
    ['JPEG', 'sent.jpg', []],
    ['PNG', 'sent.png', []],
    ['WebP', 'sent.webp', []],
    [
      'AVIF',
      'sent.avif',
      [
        '-vf',
        'scale=320:240',
        '-c:v',
        'libaom-av1',
        '-cpu-used',
        '8',
        '-still-picture',
        '1',
        '-pix_fmt',
        'yuv420p',
      ],
    ],
  ])('as %s becomes a JPEG of our own', async (_, name, args) => {
    const jpeg = await maker().fromPicture(await makePicture(name, ...args), signal)
    await writeFile(path.join(dir, 'out.jpg'), jpeg)
    expect(await sizeOf(path.join(dir, 'out.jpg'))).toBe(name === 'sent.avif' ? '320x240' : '1280x960')
  })

  it('held upright by its camera is upright, and where it was taken is not told', async () => {
    const plain = await makePicture('plain.jpg')
    const jpeg = await maker().fromPicture(withOrientation(plain, 6), signal)
    await writeFile(path.join(dir, 'upright.jpg'), jpeg)
    expect(await sizeOf(path.join(dir, 'upright.jpg'))).toBe('960x1280')
    expect(jpeg.includes('Exif')).toBe(false)
  })

  it.each([
    ['words', Buffer.from('Dear Ada, this is no picture.')],
    ['a playlist that wants another file', Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n')],
    ['a JPEG cut off after its first bytes', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
    ['a PNG that claims to be as wide as a town', giantPng()],
  ])('as %s is refused', async (_, bytes) => {
    await expect(maker().fromPicture(bytes, signal)).rejects.toMatchObject({ code: 'not-a-picture' })
  })
})

/** EXIF 2.32 §4.5: an APP1 segment with Orientation alone. */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from('4d4d002a00000008000101120003000000010000000000000000', 'hex')
  tiff.writeUInt16BE(orientation, 18)
  const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff])
  const head = Buffer.from([0xff, 0xe1, 0, body.byteLength + 2])
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)])
}

function giantPng(): Buffer {
  const ihdr = Buffer.alloc(13)
  ihdr.writeUInt32BE(100_000, 0)
  ihdr.writeUInt32BE(100_000, 4)
  ihdr.set([8, 2], 8)
  return Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), ihdr, Buffer.alloc(8)])
}
