/**
 * Live over HTTP: an FLV that begins where the viewer joins and never ends by itself. The caller owns
 * the response: it sends the status and `Content-Type: video/x-flv` before, and knows who may watch.
 */
import type { Writable } from 'node:stream'
import { encodeFileHeader } from '../formats/flv/file-header.ts'
import { AppError } from '../kernel/errors.ts'
import { FLV_FORMAT } from './live-format.ts'
import type { LiveHub } from './live-hub.ts'
import type { ViewerEnding } from './live-viewer.ts'

/**
 * Resolves with the reason when the stream is over, the viewer left (the signal aborted, or `out`
 * closed), or read too slowly. `out` is ended, or destroyed in the last case.
 * Throws AppError `not-found`, with nothing written, when the stream is not live.
 */
export async function streamFlv(
  hub: LiveHub,
  streamName: string,
  out: Writable,
  signal: AbortSignal,
): Promise<ViewerEnding> {
  const { promise, resolve } = Promise.withResolvers<ViewerEnding>()
  if (!hub.isLive(streamName)) throw new AppError('not-found', 'This stream is not live.')
  out.write(encodeFileHeader())
  const seat = hub.join(streamName, { format: FLV_FORMAT, sink: out, onEnd: resolve })
  const leave = () => seat?.leave()
  // A response that breaks is a viewer who left; without a listener it would end the process.
  out.on('error', leave)
  out.on('close', leave)
  signal.addEventListener('abort', leave)
  if (signal.aborted || out.destroyed) leave()
  const ending = await promise
  signal.removeEventListener('abort', leave)
  if (ending === 'too-slow') out.destroy()
  else out.end()
  return ending
}
