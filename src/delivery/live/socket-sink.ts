/** A WebSocket as something to write to: each write is one binary message, and is done when the socket has taken it. */
import { Writable } from 'node:stream'
import type { WebSocket } from 'ws'

/** RFC 6455 §7.4.1. */
const NORMAL = 1000
const GOING_AWAY = 1001
const BUFFERED_BYTES = 64 * 1024

export class SocketSink extends Writable {
  readonly #socket: WebSocket
  readonly #stopping: AbortSignal
  readonly #onSent: () => void
  #ending = false

  /** `stopping`: aborted when it is the server that goes away. `onSent`: after each message that has left. */
  constructor(socket: WebSocket, stopping: AbortSignal, onSent: () => void) {
    super({ highWaterMark: BUFFERED_BYTES, decodeStrings: false })
    this.#socket = socket
    this.#stopping = stopping
    this.#onSent = onSent
    socket.on('close', () => this.destroy())
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.send(bytes, { binary: true, compress: false }, (error) => {
      if (!error) this.#onSent()
      done(error)
    })
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#ending = true
    this.#socket.close(this.#stopping.aborted ? GOING_AWAY : NORMAL)
    done()
  }

  /** Ended in order, the closing handshake is still to come: ws waits for it, not for ever. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#ending) this.#socket.terminate()
    done(error)
  }
}
