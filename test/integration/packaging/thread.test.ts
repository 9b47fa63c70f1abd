/** Packaging in a thread of its own: the same files, errors that keep their names, and a thread that may die. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import { PackagingThread } from '../../../src/packaging/thread/packaging-thread.ts'
import type { TimelineSegment } from '../../../src/packaging/timeline.ts'
import { session } from '../../support/flv-messages.ts'
import {
  broadcastId,
  filesOf,
  makeRecorder,
  makeStore,
  record,
  timelineOf,
  video,
} from '../../support/packaged-video.ts'

const SECONDS = 12
const WORKER = new URL('../../../src/composition/packaging-worker.ts', import.meta.url)

let folder: string
let workers: Worker[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'thread-'))
  workers = []
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Into the folder that makeStore(root) looks at. */
function startThread(root: string): PackagingThread {
  return new PackagingThread(() => {
    const worker = new Worker(WORKER, { workerData: path.join(root, 'media') })
    workers.push(worker)
    return worker
  })
}

const never = () => new AbortController().signal

it('packages what grows, stops where it stands and goes on, with the same bytes', async () => {
  const recorder = makeRecorder(folder)
  const log = recorder.log(broadcastId)
  const sending = await recorder.openSession({ broadcastId, sessionId: 's' as never, firstPart: 0 })
  await using thread = startThread(folder)
  const stopping = new AbortController()
  const segments: number[] = []
  const onSegment = ({ number }: TimelineSegment) => {
    segments.push(number)
    if (number === 1) stopping.abort()
  }
  const messages = session({ seconds: SECONDS })
  const half = messages.filter(({ timestampMs }) => timestampMs < 7000)
  const running = thread.package({ log, video, signal: stopping.signal, onSegment })
  for (const message of half) sending.write(message)
  sending.flush()
  expect(await running).toMatchObject({ complete: false })
  expect(segments.slice(0, 2)).toEqual([0, 1])

  const again = thread.package({ log, video, signal: never(), onSegment })
  for (const message of messages.slice(half.length)) sending.write(message)
  await sending.close()
  recorder.endBroadcast(broadcastId)
  expect(await again).toMatchObject({ complete: true, segments: SECONDS / 2 })
  expect(workers).toHaveLength(1)

  const here = makeStore(path.join(folder, 'here'))
  await packageBroadcast({ log: recorder.finishedLog(broadcastId), video, store: here })
  expect([...(await filesOf(makeStore(folder)))]).toEqual([...(await filesOf(here))])
  expect((await timelineOf(here)).ended).toBe(true)
})

it('does not mix up what is packaged at the same time', async () => {
  const recorder = makeRecorder(folder)
  await record(recorder, session({ seconds: SECONDS }))
  await using thread = startThread(folder)
  const log = () => recorder.finishedLog(broadcastId)
  const videos = ['a', 'b', 'c', 'd'].map((name) => name as VideoId)
  const packaged = await Promise.all(
    videos.map((name) => thread.package({ log: log(), video: name, signal: never() })),
  )
  expect(packaged.map(({ segments }) => segments)).toEqual(videos.map(() => SECONDS / 2))
})

it('tells of what cannot be read or stored by the name it has here', async () => {
  await using thread = startThread(folder)
  const missing = { part: 0, file: path.join(folder, 'nowhere.flv') }
  const log = { nextPart: async (part: number) => (part === 0 ? missing : undefined) }
  await expect(thread.package({ log, video, signal: never() })).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(thread.package({ log, video: '..' as VideoId, signal: never() })).rejects.toMatchObject({
    name: 'AppError',
    code: 'not-found',
  })
})

it('fails what a thread was doing that died, and starts another', async () => {
  const recorder = makeRecorder(folder)
  await record(recorder, session({ seconds: SECONDS }))
  await using thread = startThread(folder)
  const dying = thread.package({
    log: { nextPart: () => new Promise(() => undefined) },
    video,
    signal: never(),
  })
  const died = expect(dying).rejects.toThrow('has ended')
  await workers[0]?.terminate()
  await died
  const log = recorder.finishedLog(broadcastId)
  expect(await thread.package({ log, video, signal: never() })).toMatchObject({ complete: true })
  expect(workers).toHaveLength(2)
})
