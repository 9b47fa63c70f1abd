/** `reprise doctor`: storage against database, both ways, and put right with consent. */
import { appendFile, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { repairAll } from '../../../src/command-line/repair.ts'
import { compareStorage } from '../../../src/command-line/storage-check/compare.ts'
import { type BroadcastId, newId, newVideoId, type SessionId, type VideoId } from '../../../src/kernel/ids.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import { FileStore } from '../../../src/media/file-store.ts'
import { makeStoragePaths, mediaKeys } from '../../../src/media/layout.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import { Recorder } from '../../../src/recording/recorder.ts'
import { judgeRecording, type Verdict } from '../../../src/recording/verdict.ts'
import { session } from '../../support/flv-messages.ts'
import { addChannel } from '../../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

const log = makeLogger('silent')
const PARTS = 3

let open: AsyncDisposableStack
let root: string
let database: TestDatabase
let channelId: string
let store: FileStore
let rebuilt: VideoId[]
let pictured: VideoId[]
beforeEach(async () => {
  open = new AsyncDisposableStack()
  root = await mkdtemp(path.join(tmpdir(), 'doctor-'))
  open.defer(() => rm(root, { recursive: true }))
  database = open.use(await createTestDatabase())
  channelId = await addChannel(database.prisma)
  store = new FileStore(path.join(root, 'media'))
  rebuilt = []
  pictured = []
})
afterEach(() => open.disposeAsync())

const compare = () =>
  compareStorage({
    paths: makeStoragePaths(root),
    mediaDir: path.join(root, 'media'),
    store,
    prisma: database.prisma,
    rebuild: async (videoId) => void rebuilt.push(videoId),
    remakePictures: async (mediaId) => void pictured.push(mediaId),
    log,
  })
const subjects = async () => (await compare()).map(({ subject }) => subject)

async function repair(answer: boolean) {
  const said: string[] = []
  const exitCode = await repairAll(
    await compare(),
    async () => answer,
    (line) => void said.push(line),
  )
  return { exitCode, said: said.join('\n') }
}

/** A broadcast that ended, of three sessions with a part of 4 s each: rows, recording and replay as they should be. */
async function addBroadcast() {
  const { prisma } = database
  const broadcastId = newId<BroadcastId>()
  const videoId = newVideoId()
  const startedAt = new Date(Date.now() - 3_600_000)
  await prisma.video.create({
    data: {
      id: videoId,
      channelId,
      origin: 'broadcast',
      title: 'Concert',
      state: 'ready',
      timelineComplete: true,
    },
  })
  await prisma.broadcast.create({ data: { id: broadcastId, channelId, videoId, state: 'ended', startedAt } })
  const recorder = new Recorder({
    paths: makeStoragePaths(root),
    ledger: { partOpened: () => undefined, partClosed: () => undefined },
  })
  for (let part = 0; part < PARTS; part++) {
    const sessionId = newId<SessionId>()
    const from = new Date(startedAt.getTime() + part * 4000)
    const endedAt = new Date(from.getTime() + 4000)
    const one = await recorder.openSession({ broadcastId, sessionId, firstPart: part })
    for (const message of session({ seconds: 4 })) one.write(message)
    await one.close()
    await prisma.broadcastSession.create({
      data: { id: sessionId, broadcastId, ordinal: part, startedAt: from, endedAt, ending: 'unpublished' },
    })
    const bytes = BigInt(one.growth.bytes)
    await prisma.recording.create({
      data: {
        id: newId(),
        broadcastId,
        sessionId,
        part,
        state: 'closed',
        bytes,
        durationSeconds: 4,
        startedAt: from,
        endedAt,
      },
    })
  }
  await prisma.broadcast.update({
    where: { id: broadcastId },
    data: { verdict: { ...judgeRecording([], []) } as object },
  })
  await packageBroadcast({ log: recorder.finishedLog(broadcastId), video: videoId, store })
  const file = (part: number) => path.join(root, 'recordings', broadcastId, `${part}.flv`)
  const row = (part: number) =>
    prisma.recording.findUniqueOrThrow({ where: { broadcastId_part: { broadcastId, part } } })
  const verdict = async () =>
    (await prisma.broadcast.findUniqueOrThrow({ where: { id: broadcastId } })).verdict as unknown as Verdict
  return { broadcastId, videoId, file, row, verdict }
}

const old = async (place: string) => utimes(place, new Date('2020-01-01'), new Date('2020-01-01'))

describe('storage and database', () => {
  it('agree when nothing went wrong, also while a broadcast is on air', async () => {
    const { broadcastId } = await addBroadcast()
    const live = await addBroadcast()
    await database.prisma.broadcast.update({ where: { id: live.broadcastId }, data: { state: 'live' } })
    await appendFile(live.file(2), 'more')
    expect(await compare()).toEqual([])
    expect(await repair(true)).toEqual({ exitCode: 0, said: 'Storage and database agree.' })
    expect(await readdir(path.join(root, 'recordings', broadcastId))).toHaveLength(2 * PARTS)
  })

  it('do not when parts are gone, longer, shorter, unknown or never closed; each is put right', async () => {
    const gone = await addBroadcast()
    await rm(gone.file(1))
    const longer = await addBroadcast()
    await appendFile(longer.file(0), Buffer.alloc(500))
    const { size } = await stat(longer.file(0))
    const unknown = await addBroadcast()
    await database.prisma.recording.delete({ where: { id: (await unknown.row(2)).id } })
    const unclosed = await addBroadcast()
    await database.prisma.recording.update({
      where: { id: (await unclosed.row(0)).id },
      data: { state: 'open', bytes: 0n, durationSeconds: 0 },
    })
    const wanted = [
      `recording ${gone.broadcastId}/1.flv`,
      `recording ${longer.broadcastId}/0.flv`,
      `recording ${unknown.broadcastId}/2.flv`,
      `recording ${unclosed.broadcastId}/0.flv`,
    ]
    expect((await subjects()).sort()).toEqual(wanted.sort())
    const refused = await repair(false)
    expect(refused.exitCode).toBe(1)
    expect((await subjects()).sort(), 'nothing is done without consent').toEqual(wanted)

    expect((await repair(true)).exitCode).toBe(0)
    expect(await compare()).toEqual([])
    expect(await gone.row(1)).toMatchObject({ state: 'failed', bytes: 0n })
    expect(await gone.verdict()).toMatchObject({
      complete: false,
      recordedSeconds: 8,
      gaps: [{ startSeconds: 4 }],
    })
    expect((await stat(longer.file(0))).size).toBe(size - 500)
    expect(await longer.row(0)).toMatchObject({ state: 'salvaged', bytes: BigInt(size - 500) })
    expect(await unknown.row(2)).toMatchObject({
      state: 'salvaged',
      bytes: BigInt((await stat(unknown.file(2))).size),
    })
    expect((await unclosed.row(0)).durationSeconds).toBeCloseTo(4, 1)
    const verdict = await longer.verdict()
    expect(verdict.complete).toBe(true)
    expect(verdict.recordedSeconds).toBeCloseTo(12, 0)
  })

  it('do not when a recording has no broadcast: it is kept, and can be imported', async () => {
    const { broadcastId } = await addBroadcast()
    const folder = path.join(root, 'recordings', newId())
    await mkdir(folder)
    await writeFile(path.join(folder, '0.flv'), Buffer.alloc(5000))
    const empty = path.join(root, 'recordings', newId())
    await mkdir(empty)
    const { exitCode, said } = await repair(true)
    expect(exitCode).toBe(1)
    expect(said).toContain(`npx reprise import ${folder}`)
    expect((await readdir(path.join(root, 'recordings'))).sort()).toEqual(
      [broadcastId, path.basename(folder)].sort(),
    )
  })

  it('do not when a replay lacks its timeline or segments: it is made again while there is a source', async () => {
    const timeline = await addBroadcast()
    await store.remove(mediaKeys.timeline(timeline.videoId))
    const segment = await addBroadcast()
    await store.remove(mediaKeys.segment(segment.videoId, 'original', 2))
    const lost = await addBroadcast()
    await store.remove(mediaKeys.video(lost.videoId))
    for (let part = 0; part < PARTS; part++) await rm(lost.file(part))
    const { exitCode, said } = await repair(true)
    expect(rebuilt.sort()).toEqual([timeline.videoId, segment.videoId].sort())
    expect(said).toContain('1 of its segments are gone')
    expect(exitCode, 'what has no source is left to a person').toBe(1)
  })

  it('do not when pictures of a video are gone: they are made again, and the video is left as it is', async () => {
    const { videoId } = await addBroadcast()
    const { prisma } = database
    const posterName = '0123456789abcdef'
    await store.put(mediaKeys.posterPicture(videoId, posterName, 'page'), Buffer.from('x'))
    await store.put(mediaKeys.posterPicture(videoId, posterName, 'card'), Buffer.from('x'))
    await store.put(mediaKeys.storyboardSheet(videoId, 0), Buffer.from('x'))
    const sheet = {
      columns: 5,
      tileWidth: 160,
      tileHeight: 90,
      starts: [0],
      endSeconds: 50,
      samples: Buffer.alloc(144),
    }
    for (const number of [0, 1]) await prisma.storyboardSheet.create({ data: { videoId, number, ...sheet } })
    const data = { hasPoster: true, posterName, storyboardSheets: 1 }
    await prisma.video.update({ where: { id: videoId }, data })
    expect(await compare()).toEqual([])
    await prisma.video.update({ where: { id: videoId }, data: { storyboardSheets: 2 } })
    expect(await subjects()).toEqual([`pictures of video ${videoId}`])
    expect((await repair(true)).exitCode).toBe(0)
    expect([pictured, rebuilt]).toEqual([[videoId], []])
    expect(await prisma.video.findUnique({ where: { id: videoId } })).toMatchObject({
      state: 'ready',
      hasPoster: false,
      storyboardSheets: 0,
    })
    expect(await compare()).toEqual([])
  })

  it('do not when there is what nobody needs; what is being uploaded is left alone', async () => {
    const { videoId } = await addBroadcast()
    await store.put(mediaKeys.poster('gone' as VideoId), Buffer.from('x'))
    const [stale, fresh] = [path.join(root, 'uploads', newId()), path.join(root, 'uploads', newId())]
    for (const place of [stale, fresh]) await mkdir(place, { recursive: true })
    await writeFile(path.join(stale, 'source.mp4'), 'x')
    for (const place of [path.join(stale, 'source.mp4'), stale]) await old(place)
    const aside = path.join(root, 'media', '.aside', 'half')
    await writeFile(aside, 'x')
    await old(aside)
    await writeFile(path.join(root, 'media', '.aside', 'now'), 'x')
    expect((await subjects()).sort()).toEqual([`half`, `media gone`, `upload ${path.basename(stale)}`])
    expect((await repair(true)).exitCode).toBe(0)
    expect(await compare()).toEqual([])
    expect(await readdir(path.join(root, 'uploads'))).toEqual([path.basename(fresh)])
    expect((await readdir(path.join(root, 'media'))).sort()).toEqual(['.aside', videoId])
  })

  it('do not when the file of an upload is gone', async () => {
    const videoId = newVideoId()
    await database.prisma.video.create({
      data: { id: videoId, channelId, origin: 'upload', title: 'Holiday', state: 'processing' },
    })
    const id = newId()
    await database.prisma.upload.create({
      data: { id, channelId, videoId, fileName: 'a.mp4', path: `uploads/${id}/source.mp4`, bytes: 1n },
    })
    const [found] = await compare()
    expect(found).toMatchObject({
      subject: `upload ${id}`,
      state: 'bad',
      text: expect.stringContaining('Holiday'),
    })
    expect((await repair(true)).exitCode).toBe(1)
  })
})
