import { execFile } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import type { BroadcastId, SessionId } from '../../../src/kernel/ids.ts'
import { makeStoragePaths } from '../../../src/media/layout.ts'
import { Recorder } from '../../../src/recording/recorder.ts'
import { WriteBuffers } from '../../../src/recording/write-buffers.ts'
import { WriteThread } from '../../../src/recording/write-thread.ts'
import {
  aacConfigMessage,
  avcConfigMessage,
  OTHER_AVC_CONFIG,
  soundMessage,
} from '../../support/flv-messages.ts'

/** More than Node has threads for files. */
const WAITING = 16

/** Everything of this process that asks for files waits, until what is returned is called. */
async function holdFiles(folder: string): Promise<() => Promise<void>> {
  const pipes = Array.from({ length: WAITING }, (_, index) => path.join(folder, `${index}.pipe`))
  await promisify(execFile)('mkfifo', pipes)
  // Opening a pipe to read waits for who writes.
  const waiting = pipes.map((pipe) => open(pipe, 'r'))
  return async () => {
    const ends = pipes.map((pipe) => openSync(pipe, constants.O_RDWR))
    for (const handle of await Promise.all(waiting)) await handle.close()
    for (const end of ends) closeSync(end)
  }
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'write-thread-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

it('what is recorded is written while everything else waits for files, also in a new part', async () => {
  const folder = await makeFolder()
  const paths = makeStoragePaths(folder)
  await using recorder = new Recorder({
    paths,
    ledger: { partOpened: () => undefined, partClosed: () => undefined },
  })
  const broadcastId = 'b' as BroadcastId
  const log = await recorder.openSession({ broadcastId, sessionId: 's' as SessionId, firstPart: 0 })
  const release = await holdFiles(folder)
  const holds = (part: number, sound: Buffer | undefined) =>
    expect.poll(() => readFileSync(paths.recordingPart(broadcastId, part)).includes(sound ?? ''), {
      timeout: 15_000,
    })
  try {
    log.write(aacConfigMessage())
    log.write(avcConfigMessage())
    const [first, second] = [soundMessage(20, 41), soundMessage(40, 42)]
    log.write(first)
    log.flush()
    await holds(0, first.parts[0] as Buffer).toBe(true)
    log.write(avcConfigMessage(40, OTHER_AVC_CONFIG))
    log.write(second)
    expect(log.currentPart).toBe(1)
    await holds(1, second.parts[0] as Buffer).toBe(true)
  } finally {
    await release()
  }
  await log.close()
})

it('says what the disk refused', async () => {
  const folder = await makeFolder()
  await using thread = new WriteThread(new WriteBuffers().memory)
  const file = path.join(folder, '0.flv')
  const fd = await thread.open(file)
  await expect(thread.open(file)).rejects.toMatchObject({ code: 'EEXIST' })
  closeSync(fd)
  const refused = new Promise((_, reject) => thread.write(fd, Buffer.from('late'), reject))
  await expect(refused).rejects.toMatchObject({ code: 'EBADF' })
})

it('fails what a thread was asked for that died, and asks another the next time', async () => {
  const noMemory = -1 as unknown as SharedArrayBuffer
  await using thread = new WriteThread(noMemory)
  for (let asked = 0; asked < 2; asked += 1) await expect(thread.open('/')).rejects.toThrow(RangeError)
})
