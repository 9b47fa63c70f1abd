/** How long a connection may take. All in milliseconds. */
export interface IngestLimits {
  /** From the connection to the end of the handshake. */
  readonly handshakeMs: number
  /** From then, or from the end of a publish, to a publish or play. */
  readonly roleMs: number
  /** Without a byte from an encoder that is on air. */
  readonly publishIdleMs: number
  /** How long a player waits for a stream that is not live yet. */
  readonly playWaitMs: number
  /** From our goodbye to the end, for the peer to read it. */
  readonly goodbyeMs: number
  /** How often the limits are looked at, and bitrates measured. */
  readonly sweepMs: number
  /** Connections at once. */
  readonly maxConnections: number
}

export const INGEST_LIMITS: IngestLimits = {
  handshakeMs: 10_000,
  roleMs: 30_000,
  publishIdleMs: 30_000,
  playWaitMs: 10_000,
  goodbyeMs: 5_000,
  sweepMs: 1_000,
  maxConnections: 10_000,
}
