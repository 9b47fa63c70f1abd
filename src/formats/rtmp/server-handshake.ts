/**
 * The handshake as bytes come: C0 and C1 are answered, C2 is read and forgotten.
 *
 *     greeting --C0 C1--> answered --C2--> done
 */
import { MalformedError } from '../bytes/malformed-error.ts'
import { answerHandshake, HANDSHAKE_BYTES, RTMP_VERSION } from './handshake.ts'

export interface HandshakeStep {
  /** To be sent to the client. */
  readonly answer: Buffer | undefined
  /** What follows the handshake in these bytes; undefined: it is not over. */
  readonly rest: Uint8Array | undefined
}

const WAITING: HandshakeStep = { answer: undefined, rest: undefined }

export class ServerHandshake {
  readonly #random: (bytes: number) => Buffer
  readonly #c0c1 = Buffer.alloc(1 + HANDSHAKE_BYTES)
  #received = 0

  /** `random`: gives that many unpredictable bytes. */
  constructor(random: (bytes: number) => Buffer) {
    this.#random = random
  }

  /** Throws MalformedError when this is another protocol. */
  receive(data: Uint8Array): HandshakeStep {
    const before = this.#received
    this.#received += data.byteLength
    const greeting = this.#c0c1.byteLength
    if (before < greeting) this.#c0c1.set(data.subarray(0, greeting - before), before)
    if (this.#received > 0 && this.#c0c1[0] !== RTMP_VERSION)
      throw new MalformedError(otherProtocol(this.#c0c1))
    if (this.#received < greeting) return WAITING
    const answer =
      before < greeting
        ? answerHandshake(this.#c0c1.subarray(1), this.#random(2 * HANDSHAKE_BYTES))
        : undefined
    const end = greeting + HANDSHAKE_BYTES - before
    return { answer, rest: data.byteLength >= end ? data.subarray(end) : undefined }
  }
}

function otherProtocol(start: Uint8Array): string {
  const first = start[0] ?? 0
  if (first === 0x16) return 'TLS on the RTMP port: the address must begin with rtmp://, not rtmps://'
  if (first === 0x06) return 'encrypted RTMP (RTMPE) is not spoken here'
  if (first >= 0x41 && first <= 0x5a) return 'HTTP on the RTMP port'
  return `RTMP version ${first}; version 3 is spoken here`
}
