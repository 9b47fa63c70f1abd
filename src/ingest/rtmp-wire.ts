/**
 * The wire of one RTMP connection: handshake, chunks, acknowledgements and pings over a socket, with
 * messages handed up one by one. What they mean is rtmp-connection.ts.
 *
 *     handshake --C2--> messages --goodbye--> closing --> (closed)
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { MalformedError } from '../formats/bytes/malformed-error.ts'
import { ChunkReader } from '../formats/rtmp/chunk-reader.ts'
import { DEFAULT_CHUNK_BYTES, encodeMessages, OUTGOING_CHUNK_BYTES } from '../formats/rtmp/chunk-writer.ts'
import {
  acknowledgement,
  pingRequest,
  pingResponse,
  readControlMessage,
  windowAckSize,
} from '../formats/rtmp/control-message.ts'
import { joinParts, MESSAGE_TYPE, type OutgoingMessage, type RtmpMessage } from '../formats/rtmp/message.ts'
import { ServerHandshake } from '../formats/rtmp/server-handshake.ts'
import { RoundTrip } from './round-trip.ts'
import { ACK_WINDOW_BYTES } from './session.ts'

export interface WireListener {
  onHandshake(): void
  /** Every message but those that concern the wire itself. Valid during the call. */
  onMessage(message: RtmpMessage): void
  /** Whatever was thrown while bytes were read or `onMessage` ran; nothing more is read. */
  onFault(error: unknown): void
  /** Once, last. */
  onClose(): void
}

/** Answers that a peer leaves unread. Media for players waits in their own queue. */
const MAX_UNREAD_BYTES = 1024 * 1024
const MIN_ACK_WINDOW_BYTES = 64 * 1024
/** What a held connection may send before it is not read any more. */
const MAX_WAITING_BYTES = 64 * 1024

export class RtmpWire {
  readonly socket: Socket
  readonly #listener: WireListener
  #handshake: ServerHandshake | undefined = new ServerHandshake(randomBytes)
  readonly #reader = new ChunkReader()
  #stage: 'handshake' | 'messages' | 'closing' = 'handshake'
  #held = false
  #paused = false
  /** Between two beats. */
  #resting = false
  /** Reads that arrived while held: reading goes on, so that a lost connection is noticed. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #outgoingChunkBytes = DEFAULT_CHUNK_BYTES
  #ackWindowBytes = ACK_WINDOW_BYTES
  /** The window we told the peer last. */
  #windowSaidBytes = ACK_WINDOW_BYTES
  /** The socket's own count is of the bytes below TLS. */
  #receivedBytes = 0
  #acknowledgedBytes = 0
  #unreadBytes = 0
  #lastReadMs = performance.now()
  readonly #roundTrip = new RoundTrip()

  constructor(socket: Socket, listener: WireListener) {
    this.socket = socket
    this.#listener = listener
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    socket.on('data', (data) => this.#onData(data))
    // A broken connection closes right after; the listener only keeps the error from ending the process.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#stage = 'closing'
      this.#waiting = []
      listener.onClose()
    })
  }

  get closing(): boolean {
    return this.#stage === 'closing'
  }

  /** When bytes came last, on performance.now's clock. */
  get lastReadMs(): number {
    return this.#lastReadMs
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  get roundTripMs(): number | undefined {
    return this.#roundTrip.milliseconds
  }

  /** Asks for an answer, so that the round trip can be measured; not more often than every few seconds. */
  ping(nowMs: number): void {
    if (this.#stage !== 'messages' || !this.#roundTrip.ask(nowMs)) return
    this.setResting(false)
    this.send([pingRequest(nowMs)])
  }

  send(messages: readonly OutgoingMessage[]): void {
    if (this.#stage === 'closing') return
    const encoded = messages.map((message) => {
      const bytes = encodeMessages([message], this.#outgoingChunkBytes)
      if (message.type === MESSAGE_TYPE.setChunkSize) this.#outgoingChunkBytes = OUTGOING_CHUNK_BYTES
      return bytes
    })
    const bytes = Buffer.concat(encoded)
    this.#unreadBytes += bytes.byteLength
    this.socket.write(bytes, () => {
      this.#unreadBytes -= bytes.byteLength
    })
    if (this.#unreadBytes > MAX_UNREAD_BYTES) this.socket.destroy()
  }

  /** The peer may send media. */
  allowMedia(): void {
    this.#reader.allowMedia()
  }

  /** No message is handed up until `release`, not even those read already. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    if (!this.#held || this.#stage === 'closing') return
    this.#held = false
    const reads = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    this.#guard(() => this.#pump())
    for (const data of reads) this.#read(data)
    this.#flow()
  }

  /** Stops reading; what was read already is still handed up. */
  setPaused(paused: boolean): void {
    this.#paused = paused
    this.#flow()
  }

  /** Reads nothing for a short while; unless an answer is awaited whose time counts. */
  setResting(resting: boolean): void {
    const rests = resting && !this.#roundTrip.awaits(performance.now())
    if (this.#resting === rests) return
    this.#resting = rests
    this.#flow()
  }

  /** Ends our side after what was sent; what still comes is thrown away. */
  goodbye(): void {
    if (this.#stage === 'closing') return
    this.#stage = 'closing'
    this.#waiting = []
    this.socket.end()
    // Unread bytes would make the kernel reset the connection before the peer has read our last words.
    this.socket.resume()
  }

  #flow(): void {
    if (this.#stage === 'closing') return
    const enough = this.#held && this.#waitingBytes >= MAX_WAITING_BYTES
    if (enough || this.#paused || this.#resting) this.socket.pause()
    else this.socket.resume()
  }

  #onData(data: Uint8Array): void {
    if (this.#stage === 'closing') return
    this.#lastReadMs = performance.now()
    this.#receivedBytes += data.byteLength
    this.#read(data)
  }

  #read(data: Uint8Array): void {
    if (this.#stage === 'closing') return
    if (this.#held) {
      // Its buffer is used again when this returns.
      this.#waiting.push(Buffer.from(data))
      this.#waitingBytes += data.byteLength
      this.#flow()
      return
    }
    this.#guard(() => {
      const rest = this.#shakeHands(data)
      if (!rest) return
      this.#reader.push(rest)
      this.#pump()
      this.#acknowledge()
    })
  }

  #shakeHands(data: Uint8Array): Uint8Array | undefined {
    if (!this.#handshake) return data
    const { answer, rest } = this.#handshake.receive(data)
    if (answer) this.socket.write(answer)
    if (rest) {
      this.#stage = 'messages'
      this.#handshake = undefined
      this.#listener.onHandshake()
    }
    return rest
  }

  #pump(): void {
    while (!this.#held && this.#stage === 'messages') {
      const message = this.#reader.next()
      if (!message) return
      if (message.type <= MESSAGE_TYPE.setPeerBandwidth) this.#onControl(message)
      else this.#listener.onMessage(message)
    }
  }

  #onControl(message: RtmpMessage): void {
    const control = readControlMessage(message.type, joinParts(message.parts, message.byteLength))
    if (control?.kind === 'ping-request') this.send([pingResponse(control.timestampMs)])
    else if (control?.kind === 'ping-response') this.#roundTrip.answer(control.timestampMs, performance.now())
    else if (control?.kind === 'window-ack-size') {
      if (control.bytes === 0) throw new MalformedError('an acknowledgement window of 0')
      this.#ackWindowBytes = Math.max(MIN_ACK_WINDOW_BYTES, control.bytes)
    } else if (control?.kind === 'peer-bandwidth' && control.bytes !== this.#windowSaidBytes) {
      // How much we would send unacknowledged; TCP holds us to less. RTMP 1.0 §5.4.5
      this.#windowSaidBytes = control.bytes
      this.send([windowAckSize(control.bytes)])
    }
  }

  #acknowledge(): void {
    const received = this.#receivedBytes
    if (received - this.#acknowledgedBytes < this.#ackWindowBytes) return
    this.#acknowledgedBytes = received
    this.send([acknowledgement(received)])
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#listener.onFault(error)
    }
  }
}
