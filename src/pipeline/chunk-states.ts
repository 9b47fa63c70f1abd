/**
 * A chunk's life. database/chunks.ts repeats each arrow as a WHERE clause, so of two workers racing
 * for one row only one can win. Change both together.
 *
 *     waiting --claim--> encoding --verify--> ready
 *        ^                  |
 *        +-- lease expired -+--give up------> failed --retry--> waiting
 *        +-- try again -----+                   ^
 *        +--------------- cancel ---------------+
 *
 *     deferred --watched--> encoding            ready --evict--> encoding --> deferred
 *     deferred <--policy--> waiting
 *
 * A deferred chunk is made when somebody watches it: the policy makes nothing of it beforehand, or it was
 * removed since nobody did (pipeline/policy.ts). Whoever removes it holds it meanwhile like an encoder does.
 *
 * An attempt holds a chunk by its attempt id, which is its fencing token: whoever lost the lease
 * finds another id (or none) in the row, and its result changes nothing.
 */
export type ChunkState = 'waiting' | 'encoding' | 'ready' | 'failed' | 'deferred'

export const CHUNK_ARROWS = {
  waiting: ['encoding', 'failed', 'deferred'],
  encoding: ['ready', 'waiting', 'failed', 'deferred'],
  ready: ['encoding'],
  failed: ['waiting'],
  deferred: ['encoding', 'waiting', 'failed'],
} as const satisfies Record<ChunkState, readonly ChunkState[]>

export function mayBecome(from: ChunkState, to: ChunkState): boolean {
  return (CHUNK_ARROWS[from] as readonly ChunkState[]).includes(to)
}

/** Attempts on one chunk before its rendition is given up. */
export const MAX_CHUNK_ATTEMPTS = 4
/** Workers that die over one chunk before it is held to be what kills them. */
export const MAX_CHUNK_DEATHS = 12

/** A worker that is alive renews well within the lease; one that was killed loses it after this long. */
export const LEASE_MS = 8_000
export const LEASE_RENEW_MS = 2_000

/** A chunk nothing will happen to any more by itself. */
export function isSettled(state: ChunkState): boolean {
  return state === 'ready' || state === 'failed' || state === 'deferred'
}
