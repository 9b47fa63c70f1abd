/** Packaging behind a broadcast on air, when it fails and when there is no room: the recording goes on, and the replay is the same to the byte. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { MediaMessage } from '../../../../src/ingest/media-message.ts'
import type { SessionId } from '../../../../src/kernel/ids.ts'
import { LivePackager, type LivePackagerOptions } from '../../../../src/library/broadcasts/live-packager.ts'
import type { MediaStore } from '../../../../src/media/store.ts'
import { packageBroadcast } from '../../../../src/packaging/package-broadcast.ts'
import type { TimelinePlanner } from '../../../../src/pipeline/planner.ts'
import type { DiskState } from '../../../../src/recording/disk-watermarks.ts'
import type { RecordedSession, Recorder } from '../../../../src/recording/recorder.ts'
import { session } from '../../../support/flv-messages.ts'
import {
  broadcastId,
  filesOf,
  makeRecorder,
  makeStore,
  timelineOf,
  video,
} from '../../../support/packaged-video.ts'

const SECONDS = 10

let folder: string
let expected: Map<string, string>
let messages: readonly MediaMessage[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'live-packager-'))
  messages = session({ seconds: SECONDS })
  const undisturbed = path.join(folder, 'undisturbed')
  const recorder = makeRecorder(undisturbed)
  const log = await open(recorder)
  for (const message of messages) log.write(message)
  await log.close()
  await packageBroadcast({ log: recorder.finishedLog(broadcastId), video, store: makeStore(undisturbed) })
  expected = await filesOf(makeStore(undisturbed))
})
afterEach(() => rm(folder, { recursive: true }))

const open = (recorder: Recorder) =>
  recorder.openSession({ broadcastId, sessionId: 's' as SessionId, firstPart: 0 })

/** Sends the messages in order, up to a second or one at a time. */
function makeSender(log: RecordedSession) {
  let next = 0
  return (untilSeconds?: number): void => {
    do {
      const message = messages[next]
      if (!message || message.timestampMs >= (untilSeconds ?? SECONDS) * 1000) return
      log.write(message)
      next += 1
    } while (untilSeconds !== undefined)
  }
}

function makeWorld(wrap: (store: MediaStore) => MediaStore = (store) => store) {
  const recorder = makeRecorder(folder)
  const store = makeStore(folder)
  const listeners = new Set<(state: DiskState) => void>()
  const disk = {
    state: { level: 'ok', freeBytes: 1, totalBytes: 1 } as DiskState,
    onChange(listener: (state: DiskState) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    become(level: DiskState['level']) {
      disk.state = { ...disk.state, level }
      for (const listener of [...listeners]) listener(disk.state)
    },
  }
  const told: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void told.push(JSON.parse(line).msg) })
  const segments: number[] = []
  const planner = {
    extendTimeline: async (_video: unknown, entry: { kind: string; number?: number }) => {
      if (entry.kind === 'segment') segments.push(entry.number ?? -1)
    },
  } as unknown as TimelinePlanner
  const wrapped = wrap(store)
  const packageLog: LivePackagerOptions['packageLog'] = (request) =>
    packageBroadcast({ ...request, store: wrapped })
  const packager = new LivePackager({ recorder, packageLog, planner, disk, log })
  return { recorder, store, disk, told, segments, run: packager.follow({ broadcastId, videoId: video }) }
}

it('goes on from where it stands after it crashed, and the recording notices nothing (pain 3)', async () => {
  let puts = 0
  const { recorder, store, told, segments, run } = makeWorld((real) => {
    const put = real.put.bind(real)
    real.put = async (key, content) => {
      puts += 1
      // No refusal of a disk: a bug in the middle of a segment.
      if (puts === 5) throw new TypeError("Cannot read properties of undefined (reading 'codec')")
      return put(key, content)
    }
    return real
  })
  const log = await open(recorder)
  makeSender(log)(SECONDS)
  await log.close()
  expect(await run.finish()).toMatchObject({ segments: SECONDS / 2, complete: true })
  expect(told).toContain('packaging failed; trying again from where it stands')
  expect(await filesOf(store)).toEqual(expected)
  expect(segments.at(-1)).toBe(SECONDS / 2 - 1)
}, 30_000)

it('waits while the disk is all but full, and catches up when there is room', async () => {
  const { recorder, store, disk, told, segments, run } = makeWorld()
  const log = await open(recorder)
  const send = makeSender(log)
  send(4.5)
  await expect
    .poll(
      () => {
        send()
        return segments.length
      },
      { timeout: 15_000 },
    )
    .toBeGreaterThanOrEqual(2)
  disk.become('critical')
  await expect
    .poll(() => told, { timeout: 15_000 })
    .toContain('packaging waits until there is room on the disk')
  const { segments: before } = await timelineOf(store)
  send(SECONDS)
  await log.close()
  expect(before.length).toBeLessThan(SECONDS / 2)
  expect((await timelineOf(store)).segments, 'the recording is whole, the timeline waits').toEqual(before)
  disk.become('refuse')
  expect(await run.finish()).toMatchObject({ segments: SECONDS / 2, complete: true })
  expect(await filesOf(store)).toEqual(expected)
}, 30_000)

it('leaves the replay for later when the broadcast ends while there is no room, and stops when told to', async () => {
  const { recorder, disk, run } = makeWorld()
  const log = await open(recorder)
  disk.become('critical')
  makeSender(log)(SECONDS)
  await log.close()
  const stopped = makeWorld()
  stopped.disk.become('critical')
  await stopped.run.stop()
  await expect(run.finish()).rejects.toMatchObject({ code: 'disk-full' })
}, 30_000)
