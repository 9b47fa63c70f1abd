/** How long a connection may take, in milliseconds, and how many there may be. */
export interface IngestLimits {
  /** From the connection to the end of the handshake, that of TLS included. */
  readonly handshakeMs: number
  /** From then, or from the end of a publish, to a publish or play. */
  readonly roleMs: number
  /** Without a byte from an encoder that is on air. */
  readonly publishIdleMs: number
  /** How long a player waits for a stream that is not live yet. */
  readonly playWaitMs: number
  /** From a request to connect again to the end, for those who obey it. */
  readonly reconnectMs: number
  /** From our goodbye to the end, for the peer to read it. */
  readonly goodbyeMs: number
  /** How often the limits are looked at, and bitrates measured. */
  readonly sweepMs: number
  /** Connections at once, on each port. */
  readonly maxConnections: number
  /** Of them from one address, both ports together; 0: no limit. */
  readonly maxConnectionsPerAddress: number
  /** Of those the ones whose handshake is not done; 0: no limit. */
  readonly maxHandshakesPerAddress: number
}

export const INGEST_LIMITS: IngestLimits = {
  handshakeMs: 10_000,
  roleMs: 30_000,
  publishIdleMs: 30_000,
  playWaitMs: 10_000,
  // Up to the next keyframe, and a connection to be made.
  reconnectMs: 8_000,
  goodbyeMs: 5_000,
  sweepMs: 1_000,
  maxConnections: 10_000,
  // A school or a hall behind one address is served; its players arriving all at once too.
  maxConnectionsPerAddress: 1_000,
  maxHandshakesPerAddress: 256,
}
