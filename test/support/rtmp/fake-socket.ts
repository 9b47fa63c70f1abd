/** A socket without a network: what the server reads is handed over, what it writes is kept or counted. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

export class FakeSocket extends EventEmitter {
  readonly remoteAddress = '192.0.2.1'
  readonly written: Uint8Array[] = []
  bytesWritten = 0
  bytesRead = 0
  paused = false
  ended = false
  destroyed = false
  #closed = false

  /** As the server knows it: of a socket it uses no more than there is here. */
  asSocket(): Socket {
    return this as unknown as Socket
  }

  /** The peer sends. False: nobody listens any more. */
  receive(bytes: Uint8Array): boolean {
    if (this.destroyed) return false
    this.bytesRead += bytes.byteLength
    this.emit('data', bytes)
    return true
  }

  /** The connection is over, by whomever. */
  close(): void {
    this.destroyed = true
    if (this.#closed) return
    this.#closed = true
    queueMicrotask(() => this.emit('close'))
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    if (this.ended || this.destroyed) return true
    this.bytesWritten += bytes.byteLength
    this.written.push(bytes)
    if (done) queueMicrotask(done)
    return true
  }

  end(): void {
    this.ended = true
  }

  destroy(): void {
    this.close()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}
}
