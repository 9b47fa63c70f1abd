/**
 * Ingest in another process on the same storage folder, asked over its socket (ingest-link.ts). What is on air
 * is asked for every few seconds; while nobody answers nothing is known, and what is asked fails in words.
 */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError, describeError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { OnAirReport } from './ingest-link.ts'
import type { IngestSide } from './ingest-side.ts'

/** Values of a stream's history are two seconds apart. */
const LOOK_MS = 2_000
const ANSWER_TIMEOUT_MS = 5_000
const AWAY = 'The process that takes broadcasts (role ingest) does not answer here.'
const NOTHING: OnAirReport = { broadcasts: [], streams: [], samples: [] }

export function remoteIngest(socketPath: string, log: Logger): IngestSide & AsyncDisposable {
  const agent = new Agent({ keepAlive: true })
  const closing = new AbortController()
  let known = NOTHING
  let onAir = new Map(known.broadcasts)
  let away: boolean | undefined

  async function ask(method: 'GET' | 'POST', path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const asked = request({
      socketPath,
      agent,
      method,
      path,
      signal: AbortSignal.any([signal, closing.signal]),
    })
    try {
      asked.end()
      const [response] = (await once(asked, 'response')) as [IncomingMessage]
      if (response.statusCode === 200) return response
      const detail = await text(response)
      throw response.statusCode === 404 ? new AppError('not-found', detail) : new Error(detail)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof AppError) throw error
      throw new AppError('not-ready', `${AWAY} Try again in a moment.`, { cause: error })
    }
  }

  async function look(): Promise<void> {
    try {
      const response = await ask('GET', '/on-air', AbortSignal.timeout(ANSWER_TIMEOUT_MS))
      known = JSON.parse(await text(response)) as OnAirReport
      if (away === true) log.info('ingest answers again')
      away = false
    } catch (error) {
      if (closing.signal.aborted) return
      known = NOTHING
      if (away !== true) log.warn({ reason: describeError(error) }, AWAY)
      away = true
    }
    onAir = new Map(known.broadcasts)
  }

  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      await look()
      await delay(LOOK_MS, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }
  const following = follow()

  return {
    onAirOf: (id) => onAir.get(id),
    isStreaming: (streamName) => known.streams.includes(streamName),
    samples: () => known.samples,
    async endBroadcast(id) {
      // As long as the rest of the replay takes.
      const response = await ask('POST', `/end/${encodeURIComponent(id)}`, closing.signal)
      return (JSON.parse(await text(response)) as { ended: boolean }).ended
    },
    async streamFlv(streamName, out, signal) {
      const response = await ask('GET', `/live/${encodeURIComponent(streamName)}`, signal)
      // Whoever breaks it off, the stream is over: there is nobody left to be told.
      await pipeline(response, out, { signal }).catch(() => undefined)
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      agent.destroy()
      await following
    },
  }
}
