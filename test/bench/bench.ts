/** What a benchmark is: something that is run a few times, each run giving figures of ours beside a peer's. */
import type { Machine } from './machine.ts'
import type { Sizes } from './sizes.ts'
import type { Sources } from './sources.ts'

/** What docs/benchmarks.md promises: of the ratio ours to peer, or of our own figure. */
export interface Target {
  readonly of: 'ratio' | 'ours'
  readonly atMost?: number
  readonly atLeast?: number
}

/** One figure of one run. */
export interface Sample {
  readonly figure: string
  readonly unit: string
  readonly ours: number
  /** Absent: there is no peer, or it is not installed. */
  readonly peer?: { readonly name: string; readonly value: number }
  readonly target?: Target
}

export interface BenchContext {
  readonly sizes: Sizes
  /** Empty, of this run, removed after it. */
  readonly folder: string
  readonly sources: Sources
  readonly machine: Machine
  /** Every other run: who comes second finds a warmer, or a fuller, machine. */
  readonly peerFirst: boolean
  /** Said once under the table, however often it is noted: a missing peer, a caveat. */
  note(text: string): void
}

/** Where the two cannot be measured at the same time: one after the other, in turns. */
export async function inTurn<Ours, Peer>(
  { peerFirst }: BenchContext,
  ours: () => Promise<Ours>,
  peer: () => Promise<Peer>,
): Promise<readonly [Ours, Peer]> {
  if (!peerFirst) return [await ours(), await peer()]
  const measured = await peer()
  return [await ours(), measured]
}

export interface Bench {
  readonly name: string
  /** One line for `--list`. */
  readonly about: string
  /** Made before the first run, so that no run is shortened by it. */
  prepare?(context: BenchContext): Promise<void>
  /** Throws when what was measured is wrong (a recording that is not complete): its figures do not count. */
  run(context: BenchContext): Promise<readonly Sample[]>
}
