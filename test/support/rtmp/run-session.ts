/**
 * One session, whole or broken, through the real connection, gate port, hub and outputs, without a socket.
 * Throws whatever a peer must never be able to cause.
 */
import { pino } from 'pino'
import { ChunkReader } from '../../../src/formats/rtmp/chunk-reader.ts'
import { HANDSHAKE_BYTES } from '../../../src/formats/rtmp/handshake.ts'
import { INGEST_LIMITS } from '../../../src/ingest/ingest-limits.ts'
import { FLV_FORMAT } from '../../../src/ingest/live-format.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import type { PublishDecision, PublishGate, SessionEnding } from '../../../src/ingest/publish-gate.ts'
import { RtmpConnection } from '../../../src/ingest/rtmp-connection.ts'
import { PartHead } from '../../../src/recording/part-head.ts'
import { FakeSocket } from './fake-socket.ts'
import type { BrokenSession } from './mutations.ts'
import { CHANNEL, KEY } from './session-pieces.ts'

const SERVER_HANDSHAKE_BYTES = 1 + 2 * HANDSHAKE_BYTES
const LIMITS = { ...INGEST_LIMITS, playWaitMs: 20 }
const KEYFRAME = Buffer.from('17010000002a', 'hex')
const FAR_FUTURE_MS = 1e9
/** Turns of the loop after which a connection that neither reads nor closes is stuck. */
const PATIENCE = 1000

export interface SessionOutcome {
  /** Publishes that were admitted. */
  readonly publishes: number
  readonly mediaMessages: number
  readonly mediaBytes: number
}

export async function runSession(
  bytes: Uint8Array,
  { reads, ending }: Pick<BrokenSession, 'reads' | 'ending'>,
): Promise<SessionOutcome> {
  const errors: string[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) })
  const gate = new CountingGate()
  using hub = new LiveHub()
  const onAir = hub.open(CHANNEL)
  onAir.write({ type: 9, timestampMs: 0, parts: [KEYFRAME], byteLength: KEYFRAME.byteLength })
  hub.join(CHANNEL, { format: FLV_FORMAT, sink: new FakeSocket().asSocket(), onEnd: () => {} })
  const socket = new FakeSocket()
  const playGate = { mayPlay: () => Promise.resolve(true) }
  const connection = new RtmpConnection(socket.asSocket(), { gate, playGate, hub, logger, limits: LIMITS })

  let dice = reads
  for (let at = 0; at < bytes.byteLength && !socket.destroyed; ) {
    await turnsUntil(() => !socket.paused || socket.destroyed, 'reads again')
    dice = (dice * 1_103_515_245 + 12_345) & 0x7fffffff
    // Some byte by byte, most in the sizes of networks.
    const size = dice % 5 === 0 ? 1 + ((dice >> 8) % 40) : 1 + ((dice >> 8) % 3000)
    socket.receive(bytes.subarray(at, at + size))
    at += size
  }
  if (ending === 'finished') await turnsUntil(() => !socket.paused || socket.destroyed, 'read the rest')
  else if (ending === 'drained') connection.drain()
  else if (ending === 'timed-out') connection.sweep(performance.now() + FAR_FUTURE_MS)
  socket.close()
  await connection.closed

  if (errors.length > 0) throw new Error(`not a declared error: ${errors[0]}`)
  if (gate.open > 0) throw new Error(`${gate.open} published sessions were left open`)
  checkAnswers(socket.written)
  return gate
}

/** An answer that no client could read would be our fault. */
function checkAnswers(written: readonly Uint8Array[]): void {
  const answers = Buffer.concat(written)
  if (answers.byteLength === 0) return
  const reader = new ChunkReader()
  reader.allowMedia()
  reader.push(answers.subarray(SERVER_HANDSHAKE_BYTES))
  while (reader.next());
}

async function turnsUntil(satisfied: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !satisfied(); turn += 1) {
    if (turn > PATIENCE) throw new Error(`the connection never ${what}`)
    // The first waits are for promises alone.
    if (turn < 20) await Promise.resolve()
    else await new Promise((resolve) => setImmediate(resolve))
  }
}

class CountingGate implements PublishGate {
  publishes = 0
  open = 0
  mediaMessages = 0
  mediaBytes = 0

  async admit({ streamKey }: { streamKey: string }): Promise<PublishDecision> {
    await Promise.resolve()
    if (streamKey !== KEY) return { admitted: false, reason: 'Unknown stream key.' }
    this.publishes += 1
    this.open += 1
    const head = new PartHead()
    let ended: SessionEnding | undefined
    let drain = () => {}
    return {
      admitted: true,
      session: {
        sessionId: `session-${this.publishes}`,
        streamName: CHANNEL,
        write: (message) => {
          if (ended) throw new Error('written to after it was closed')
          this.#count(message)
          head.observe(message)
          const room = this.mediaMessages % 9 !== 0
          if (!room) queueMicrotask(() => drain())
          return room
        },
        onDrain: (listener) => {
          drain = listener
        },
        onStop: () => {},
        close: (ending) => {
          if (!ended) this.open -= 1
          ended ??= ending
          return Promise.resolve()
        },
      },
    }
  }

  #count({ parts, byteLength, timestampMs }: MediaMessage): void {
    const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
    if (length !== byteLength || length === 0) throw new Error(`${length} bytes, said to be ${byteLength}`)
    if (timestampMs !== timestampMs >>> 0) throw new Error(`timestamp ${timestampMs}`)
    this.mediaMessages += 1
    this.mediaBytes += byteLength
  }
}
