/**
 * Packages broadcasts in a thread of its own, so that the one that reads encoders is not held up. Started with
 * the first broadcast; one that dies takes its runs with it, which fail, and the next run starts another.
 */
import type { Worker } from 'node:worker_threads'
import { describeError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import type { LogParts } from '../../recording/broadcast-log.ts'
import type { GrowingLog } from '../../recording/log-growth.ts'
import type { PackagedBroadcast } from '../package-broadcast.ts'
import type { TimelineEvents } from '../segment-to-write.ts'
import type { FromPackagingThread, ToldGrowth, ToPackagingThread } from './thread-messages.ts'
import { errorTold } from './told-error.ts'

export interface PackageRequest extends TimelineEvents {
  readonly log: LogParts
  readonly video: VideoId
  readonly signal: AbortSignal
}

interface Run {
  readonly request: PackageRequest
  /** Of parts that grow, as they were told of. */
  readonly growing: Map<number, GrowingLog>
  readonly done: PromiseWithResolvers<PackagedBroadcast>
  /** Aborted with the run: nobody waits for answers any more. */
  readonly over: AbortController
}

export class PackagingThread implements AsyncDisposable {
  readonly #start: () => Worker
  #worker: Worker | undefined
  #runs = new Map<number, Run>()
  #began = 0

  /** `start`: a worker that serves its parent port with `servePackaging`. */
  constructor(start: () => Worker) {
    this.#start = start
  }

  /** As `packageBroadcast` does. Rejects also when the thread dies. */
  async package(request: PackageRequest): Promise<PackagedBroadcast> {
    const worker = this.#running()
    const id = this.#began++
    const run: Run = {
      request,
      growing: new Map(),
      done: Promise.withResolvers(),
      over: new AbortController(),
    }
    this.#runs.set(id, run)
    const stop = () => worker.postMessage({ kind: 'stop', run: id } satisfies ToPackagingThread)
    worker.ref()
    worker.postMessage({ kind: 'package', run: id, video: request.video } satisfies ToPackagingThread)
    if (request.signal.aborted) stop()
    request.signal.addEventListener('abort', stop)
    try {
      return await run.done.promise
    } finally {
      request.signal.removeEventListener('abort', stop)
      run.over.abort()
      this.#runs.delete(id)
      if (this.#runs.size === 0) this.#worker?.unref()
    }
  }

  /** Whatever it still did is lost: stop the runs before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #running(): Worker {
    if (this.#worker) return this.#worker
    const worker = this.#start()
    const runs = this.#runs
    const gone = (error: Error) => {
      if (this.#worker === worker) {
        this.#worker = undefined
        this.#runs = new Map()
      }
      for (const run of runs.values()) run.done.reject(error)
    }
    worker.on('message', (message: FromPackagingThread) => {
      const run = runs.get(message.run)
      if (run) this.#heard(worker, run, message)
    })
    worker.on('error', gone)
    worker.on('exit', () => gone(new Error('The thread that packages broadcasts has ended.')))
    this.#worker = worker
    return worker
  }

  #heard(worker: Worker, run: Run, message: FromPackagingThread): void {
    const { request, done } = run
    if (message.kind === 'init') request.onInit?.(message.init)
    else if (message.kind === 'segment') request.onSegment?.(message.segment, message.init)
    else if (message.kind === 'packaged') done.resolve(message.packaged)
    else if (message.kind === 'failed') done.reject(errorTold(message.error))
    else {
      answer(run, message).then(
        (found) =>
          worker.postMessage({
            kind: 'answer',
            run: message.run,
            ask: message.ask,
            ...found,
          } satisfies ToPackagingThread),
        (error: unknown) => {
          // The run is over, or its log cannot be looked at.
          if (run.over.signal.aborted || request.signal.aborted) return
          done.reject(new Error(`The log cannot be followed: ${describeError(error)}`, { cause: error }))
          worker.postMessage({ kind: 'stop', run: message.run } satisfies ToPackagingThread)
        },
      )
    }
  }
}

type Question = Extract<FromPackagingThread, { kind: 'next-part' | 'beyond' }>
type Found = Pick<Extract<ToPackagingThread, { kind: 'answer' }>, 'part' | 'growth'>

async function answer({ request, growing, over }: Run, question: Question): Promise<Found> {
  const signal = AbortSignal.any([request.signal, over.signal])
  if (question.kind === 'beyond') {
    const growth = growing.get(question.part)
    if (!growth) return {}
    await (question.groups
      ? growth.beyondGroup(question.bytes, signal)
      : growth.beyond(question.bytes, signal))
    return { growth: tell(growth) }
  }
  const part = await request.log.nextPart(question.part, signal)
  if (!part) return {}
  if (part.growth) growing.set(part.part, part.growth)
  return {
    part: {
      part: part.part,
      file: part.file,
      foreign: part.foreign === true,
      ...(part.growth ? { growth: tell(part.growth) } : {}),
    },
  }
}

/** Asked before the size: what was there when it ended is all there is. */
function tell(growth: GrowingLog): ToldGrowth {
  const { ended } = growth
  return { ended, bytes: growth.bytes }
}
