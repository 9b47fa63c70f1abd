/**
 * Turns at a video as advisory locks: they end with the connection that holds them, so with its process however that
 * ends. PostgreSQL 18, §13.3.5. A connection for each turn: a pool's would be given to others.
 */
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import type { TakeVideoTurn } from '../pipeline/video-turns.ts'
import { connect } from './connection.ts'

/** First half of the locks' numbers; the migrations' lock is of the other kind, with a single one. */
const VIDEO_TURNS = 0x7265_7670

export function makeVideoTurns(url: string): TakeVideoTurn {
  return async (videoId: VideoId, signal: AbortSignal) => {
    signal.throwIfAborted()
    const client = await connect(url, { name: 'reprise-turn', signal })
    const lost = new AbortController()
    let over = false
    const lose = () => {
      if (!over)
        lost.abort(new AppError('database-unavailable', 'The connection that held the video is gone.'))
    }
    client.on('error', lose)
    client.on('end', lose)
    const end = async () => {
      over = true
      await client.end().catch(() => undefined)
    }
    // Who waits is let go by ending the connection.
    const leave = () => void end()
    signal.addEventListener('abort', leave, { once: true })
    try {
      // While it connected.
      signal.throwIfAborted()
      await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [VIDEO_TURNS, videoId])
      signal.throwIfAborted()
    } catch (error) {
      await end()
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', leave)
    }
    return { signal: lost.signal, [Symbol.asyncDispose]: end }
  }
}
