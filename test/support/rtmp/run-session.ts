/**
 * One session, whole or broken, through the real connection, gate port, hub and outputs, without a socket.
 * Throws whatever a peer must never be able to cause.
 */
import { pino } from 'pino'
import {
  isTagTrailer,
  readTagHeader,
  TAG_OVERHEAD_BYTES,
  TAG_TRAILER_BYTES,
} from '../../../src/formats/flv/tag-header.ts'
import { ChunkReader } from '../../../src/formats/rtmp/chunk-reader.ts'
import { HANDSHAKE_BYTES } from '../../../src/formats/rtmp/handshake.ts'
import { INGEST_LIMITS } from '../../../src/ingest/ingest-limits.ts'
import { FLV_FORMAT, rtmpFormat } from '../../../src/ingest/live-format.ts'
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import type { PublishDecision, PublishGate, SessionEnding } from '../../../src/ingest/publish-gate.ts'
import { ReadBeat } from '../../../src/ingest/read-beat.ts'
import { RtmpConnection } from '../../../src/ingest/rtmp-connection.ts'
import { FakeSocket } from './fake-socket.ts'
import { MessageReaders } from './message-readers.ts'
import type { BrokenSession } from './mutations.ts'
import { CHANNEL, KEY, OTHER_KEY } from './session-pieces.ts'

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
  const viewers = [FLV_FORMAT, rtmpFormat(1, true)].map((format) => {
    const sink = new FakeSocket()
    hub.join(CHANNEL, { format, sink: sink.asSocket(), onEnd: () => {} })
    return sink
  })
  const socket = new FakeSocket()
  const beat = new ReadBeat()
  const playGate = { mayPlay: () => Promise.resolve(true) }
  const connection = new RtmpConnection(socket.asSocket(), {
    gate,
    playGate,
    hub,
    logger,
    limits: LIMITS,
    beat,
  })

  let dice = reads
  for (let at = 0; at < bytes.byteLength && !socket.destroyed; ) {
    await turnsUntil(() => !socket.paused || socket.destroyed, 'reads again')
    dice = (dice * 1_103_515_245 + 12_345) & 0x7fffffff
    // Some byte by byte, most in the sizes of networks.
    const size = dice % 5 === 0 ? 1 + ((dice >> 8) % 40) : 1 + ((dice >> 8) % 3000)
    socket.receive(bytes.subarray(at, at + size))
    at += size
  }
  if (ending === 'finished') {
    // The gates answer within a turn of the loop; until then what was sent waits.
    await new Promise((resolve) => setImmediate(resolve))
    await turnsUntil(() => !socket.paused || socket.destroyed, 'read the rest')
  } else if (ending === 'drained') connection.drain()
  else if (ending === 'timed-out') connection.sweep(performance.now() + FAR_FUTURE_MS)
  const late = new FakeSocket()
  hub.join(CHANNEL, { format: FLV_FORMAT, sink: late.asSocket(), onEnd: () => {} })
  socket.close()
  await connection.closed
  hub.close()

  if (errors.length > 0) throw new Error(`not a declared error: ${errors[0]}`)
  if (gate.open > 0) throw new Error(`${gate.open} published sessions were left open`)
  checkAnswers(socket.written)
  checkTags((viewers[0] as FakeSocket).written)
  checkTags(late.written)
  return gate
}

/** A file that no viewer could read would be our fault. */
function checkTags(written: readonly Uint8Array[]): void {
  const bytes = Buffer.concat(written)
  for (let at = 0; at < bytes.byteLength; ) {
    const header = readTagHeader(bytes, at)
    const end = at + TAG_OVERHEAD_BYTES + (header?.bodyBytes ?? 0)
    if (!header || end > bytes.byteLength) throw new Error(`a cut tag at ${at} of ${bytes.byteLength}`)
    const trailer = end - TAG_TRAILER_BYTES
    if (!isTagTrailer(bytes, trailer, header.bodyBytes))
      throw new Error(`a wrong size after the tag at ${at}`)
    at = end
  }
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
    if (streamKey !== KEY && streamKey !== OTHER_KEY)
      return { admitted: false, reason: 'Unknown stream key.' }
    this.publishes += 1
    this.open += 1
    const readers = new MessageReaders()
    let ended: SessionEnding | undefined
    let drain = () => {}
    return {
      admitted: true,
      session: {
        sessionId: `session-${this.publishes}`,
        streamName: streamKey === KEY ? CHANNEL : 'second',
        write: (message) => {
          if (ended) throw new Error('written to after it was closed')
          this.#count(message)
          try {
            readers.read(message)
          } catch (cause) {
            // Whatever it is: a MalformedError would pass for the peer's fault.
            throw new Error(`what is recorded cannot be read: ${String(cause)}`, { cause })
          }
          const room = this.mediaMessages % 9 !== 0
          if (!room) queueMicrotask(() => drain())
          return room
        },
        flush: () => {},
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
