/**
 * Whether a worker can work at all, tried before it takes a job: a picture encoded, and the media store written,
 * read and cleared. A worker that cannot would take every job and fail it.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describeError, isDiskFull } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { mediaKeys } from '../media/layout.ts'
import type { MediaStore } from '../media/store.ts'
import { runFfmpeg } from './ffmpeg/run-ffmpeg.ts'
import type { FfmpegTools } from './ffmpeg/tools.ts'
import { openAttemptDir } from './steps/step-parts.ts'

export interface SelfTestParts {
  readonly tools: FfmpegTools
  readonly store: Pick<MediaStore, 'put' | 'read' | 'remove'>
  readonly tmpDir: string
}

/** Generous: the machine may be busy, and only what never comes is a fault. */
const ENCODE_LIMIT_MS = 60_000

/** Undefined: it can. Else what is wrong, in words. Rejects with the signal's reason. */
export async function selfTest(parts: SelfTestParts, signal: AbortSignal): Promise<string | undefined> {
  return (await tryEncoder(parts, signal)) ?? (await tryStore(parts, signal))
}

async function tryEncoder(
  { tools, tmpDir }: SelfTestParts,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await using dir = await openAttemptDir(tmpDir, 'self-test')
    const output = path.join(dir.path, 'one.mp4')
    await runFfmpeg(
      tools,
      {
        inputs: [{ url: 'color=c=gray:s=128x72:r=25:d=0.04', options: ['-f', 'lavfi'] }],
        outputs: [{ path: output, options: ['-frames:v', '1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'] }],
      },
      { signal, stallMs: ENCODE_LIMIT_MS },
    )
    const { byteLength } = await readFile(output)
    return byteLength > 0 ? undefined : 'ffmpeg encodes nothing: its output is empty.'
  } catch (error) {
    signal.throwIfAborted()
    return isDiskFull(error) ? undefined : `A picture cannot be encoded: ${describeError(error)}`
  }
}

async function tryStore({ store }: SelfTestParts, signal: AbortSignal): Promise<string | undefined> {
  const id = newId()
  const key = mediaKeys.selfTest(id)
  try {
    const content = Buffer.from(id)
    await store.put(key, content)
    const read = await store.read(key)
    await store.remove(key)
    return read?.equals(content)
      ? undefined
      : 'The media store gives back something else than was put into it.'
  } catch (error) {
    signal.throwIfAborted()
    // There will be room again, and what waits for it is tried again by itself.
    return isDiskFull(error) ? undefined : `The media store cannot be used: ${describeError(error)}`
  }
}
