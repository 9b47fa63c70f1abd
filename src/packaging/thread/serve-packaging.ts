/**
 * The thread's side: packages whatever it is told to, many broadcasts at once. It has nothing else to do, so
 * it may wait for the page cache itself (media/blocking-writes.ts, and reading here).
 */
import fs from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import type { MediaStore } from '../../media/store.ts'
import type { ReadableFile } from '../../recording/log-reader.ts'
import { LogBuffers } from '../log-memory.ts'
import { packageBroadcast } from '../package-broadcast.ts'
import { AskedLog, type LogAsks } from './asked-log.ts'
import type { FromPackagingThread, ToPackagingThread } from './thread-messages.ts'
import { tellError } from './told-error.ts'

type Answer = Extract<ToPackagingThread, { kind: 'answer' }>
type Ask =
  | Omit<Extract<FromPackagingThread, { kind: 'next-part' }>, 'run' | 'ask'>
  | Omit<Extract<FromPackagingThread, { kind: 'beyond' }>, 'run' | 'ask'>

interface Run {
  readonly stopping: AbortController
  /** By the number of the ask. */
  readonly waiting: Map<number, (answer: Answer) => void>
}

/** Until the port closes. */
export function servePackaging(port: MessagePort, store: MediaStore): void {
  const runs = new Map<number, Run>()
  const buffers = new LogBuffers()
  const say = (message: FromPackagingThread) => port.postMessage(message)
  let asked = 0

  const ask = (run: number, question: Ask, signal: AbortSignal | undefined): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const number = asked++
      const waiting = runs.get(run)?.waiting
      const onAbort = () => {
        waiting?.delete(number)
        reject(signal?.reason)
      }
      waiting?.set(number, (answer) => {
        waiting.delete(number)
        signal?.removeEventListener('abort', onAbort)
        resolve(answer)
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      say({ ...question, run, ask: number })
    })

  const asksOf = (run: number): LogAsks => ({
    nextPart: async (part, signal) => (await ask(run, { kind: 'next-part', part }, signal)).part,
    beyond: async (asking, signal) =>
      (await ask(run, { kind: 'beyond', ...asking }, signal)).growth ?? { bytes: 0, ended: true },
  })

  const begin = async ({ run, video }: Extract<ToPackagingThread, { kind: 'package' }>): Promise<void> => {
    const stopping = new AbortController()
    runs.set(run, { stopping, waiting: new Map() })
    try {
      const packaged = await packageBroadcast({
        log: new AskedLog(asksOf(run)),
        video,
        store,
        buffers,
        openFile: openBlocking,
        signal: stopping.signal,
        onInit: (init) => say({ kind: 'init', run, init }),
        onSegment: (segment, init) => say({ kind: 'segment', run, segment, init }),
      })
      say({ kind: 'packaged', run, packaged })
    } catch (error) {
      say({ kind: 'failed', run, error: tellError(error) })
    } finally {
      runs.delete(run)
    }
  }

  port.on('message', (message: ToPackagingThread) => {
    const run = runs.get(message.run)
    if (message.kind === 'package') void begin(message)
    else if (message.kind === 'stop') run?.stopping.abort()
    else run?.waiting.get(message.ask)?.(message)
  })
}

async function openBlocking(file: string): Promise<ReadableFile> {
  const descriptor = fs.openSync(file, 'r')
  return {
    read: async (into, at, length, position) => ({
      bytesRead: fs.readSync(descriptor, into, at, length, position),
    }),
    stat: async () => ({ size: fs.fstatSync(descriptor).size }),
    async [Symbol.asyncDispose]() {
      fs.closeSync(descriptor)
    },
  }
}
