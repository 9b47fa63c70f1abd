/** The segments of an uploaded file, read by upload-thread.ts within limits on memory and time. */
import { Worker } from 'node:worker_threads'
import { describeError } from '../kernel/errors.ts'
import type { NotOpened } from './open-upload.ts'
import type { MuxAudioTrack } from './segment-muxer.ts'
import type { SegmentToWrite } from './segment-to-write.ts'
import { CannotBePassed } from './upload-segments.ts'
import type { FromUploadThread, UploadToRead } from './upload-thread.ts'

/** Of what the tables of a file become; those of ten hours take half of it. */
const MAX_HEAP_MIB = 512
/** Without a segment for so long it stands still. */
const STALL_MS = 60_000

export interface UploadReading extends AsyncDisposable {
  readonly audio: MuxAudioTrack | undefined
  /** Seconds on the file's clock that are 0 on the timeline. */
  readonly originSeconds: number
  /** Once. Throws CannotBePassed, and what the reader met when the file can be read in part only; the signal's reason. */
  readonly segments: AsyncIterable<SegmentToWrite>
}

/** Rejects with the signal's reason only: whatever is wrong with the file is an outcome. */
export async function readUpload(
  upload: UploadToRead,
  signal?: AbortSignal,
): Promise<UploadReading | NotOpened> {
  signal?.throwIfAborted()
  const worker = new Worker(new URL('./upload-thread.ts', import.meta.url), {
    workerData: upload,
    env: {},
    // What a reader warns of is for its developers.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  })
  worker.stdout.resume()
  worker.stderr.resume()
  const next = listen(worker, signal)
  const close = async () => void (await worker.terminate())
  try {
    const first = await next()
    if (first.kind === 'opened')
      return {
        audio: first.audio,
        originSeconds: first.originSeconds,
        segments: segmentsOf(worker, first, next),
        [Symbol.asyncDispose]: close,
      }
    await close()
    return first.kind === 'refused' ? first.why : { outcome: 'needs-remux', reason: 'It could not be read.' }
  } catch (error) {
    await close()
    signal?.throwIfAborted()
    return { outcome: 'needs-remux', reason: describeError(error) }
  }
}

async function* segmentsOf(
  worker: Worker,
  { video, audio }: Extract<FromUploadThread, { kind: 'opened' }>,
  next: () => Promise<FromUploadThread>,
): AsyncGenerator<SegmentToWrite, void> {
  worker.postMessage('next')
  for (;;) {
    const message = await next()
    if (message.kind === 'segment') {
      // The next one is read while this one is written.
      worker.postMessage('next')
      yield { ...message.segment, video, audio }
      continue
    }
    if (message.kind !== 'end') throw new Error(`the reading thread says ${message.kind} out of turn`)
    if (message.cannotBePassed !== undefined) throw new CannotBePassed(message.cannotBePassed)
    if (message.truncated !== undefined) throw new Error(message.truncated)
    return
  }
}

/** Messages in order, each waited for; rejects when the thread dies, stands still, or is no longer wanted. */
function listen(worker: Worker, signal: AbortSignal | undefined): () => Promise<FromUploadThread> {
  const come: FromUploadThread[] = []
  let failure: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined
  const fail = (error: unknown) => {
    failure ??= { error }
    wake?.()
  }
  worker.on('message', (message: FromUploadThread) => {
    come.push(message)
    wake?.()
  })
  worker.on('error', (error: NodeJS.ErrnoException) =>
    fail(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new Error('Its tables take more memory than those of any real video.')
        : error,
    ),
  )
  worker.on('exit', () => fail(new Error('Its reader ended too early.')))
  return async () => {
    const stopped = () => fail(signal?.reason)
    signal?.addEventListener('abort', stopped, { once: true })
    const stalled = setTimeout(() => fail(new Error('Reading it came to a standstill.')), STALL_MS)
    try {
      for (;;) {
        signal?.throwIfAborted()
        const message = come.shift()
        if (message) return message
        if (failure) throw failure.error
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      clearTimeout(stalled)
      signal?.removeEventListener('abort', stopped)
    }
  }
}
