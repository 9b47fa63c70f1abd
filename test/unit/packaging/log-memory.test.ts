/** Buffers that are used again too soon would put the bytes of one segment into another. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogBuffers, LogMemory } from '../../../src/packaging/log-memory.ts'
import { packageBroadcast } from '../../../src/packaging/package-broadcast.ts'
import {
  aacConfigMessage,
  avcConfigMessage,
  pictureMessage,
  session,
  soundMessage,
} from '../../support/flv-messages.ts'
import { broadcastId, filesOf, makeRecorder, makeStore, record, video } from '../../support/packaged-video.ts'

/** What is given back is spoiled at once. */
class SpoiledBuffers extends LogBuffers {
  given = 0
  override give(buffer: Buffer): void {
    this.given += 1
    buffer.fill(0xdd)
    super.give(buffer)
  }
}

/** None is ever given back. */
class KeptBuffers extends LogBuffers {
  override give(): void {}
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'memory-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('the buffers a log is read into', () => {
  const at = (offset: number) => ({ part: 0, offset })

  it('are free when all of them lies before the place from which packaging would go on', () => {
    const buffers = new SpoiledBuffers()
    const memory = new LogMemory(buffers)
    for (const end of [100_000, 300_000, 500_000]) {
      memory.take(200_000)
      memory.holds(at(end))
    }
    memory.release(at(299_999))
    expect(buffers.given).toBe(1)
    memory.release(at(300_000))
    expect(buffers.given).toBe(2)
    memory.release({ part: 1, offset: 0 })
    expect(buffers.given).toBe(3)
  })

  it('are free when nobody saw what was read into them', () => {
    const buffers = new SpoiledBuffers()
    const memory = new LogMemory(buffers)
    memory.take(200_000)
    memory.take(200_000)
    expect(buffers.given).toBe(1)
  })

  it('are used again for what follows, and the segments are the same', async () => {
    const recorder = makeRecorder(folder)
    // Pictures large enough that a segment takes several reads, sound that comes late, and two sessions.
    const pictures = Array.from({ length: 300 }, (_, index) =>
      pictureMessage(index * 40, index % 50 === 0, 0, 20_000),
    )
    const sounds = Array.from({ length: 560 }, (_, index) =>
      soundMessage(Math.round((index * 1024) / 48) + 300),
    )
    const media = [...pictures, ...sounds].sort((a, b) => a.timestampMs - b.timestampMs)
    const whole = [avcConfigMessage(), aacConfigMessage(), ...media]
    await record(recorder, whole, [...whole, ...session({ from: 13_000, seconds: 1 })])
    const packaged = async (name: string, buffers: LogBuffers) => {
      const store = makeStore(path.join(folder, name))
      await packageBroadcast({ log: recorder.finishedLog(broadcastId), video, store, buffers })
      return [...(await filesOf(store))]
    }
    const spoiled = new SpoiledBuffers()
    expect(await packaged('spoiled', spoiled)).toEqual(await packaged('kept', new KeptBuffers()))
    expect(spoiled.given).toBeGreaterThan(10)
  })
})
