/**
 * Encoders on air are read in a beat instead of whenever something comes: a read costs the same whether
 * it brings one packet or ten. Between two beats they rest, what they send waits in the kernel, and each
 * beat ends with what it brought handed on. Who sends more than may wait is read more often, up to always.
 *
 *     tick --wake--> (one turn of the event loop: what is there is read) --endBeat--> tick
 */
export interface BeatMember {
  /** So far. */
  readonly receivedBytes: number
  /** Reads again. */
  wake(): void
  /** What was there is read. `rest`: nothing more is read until `wake`. */
  endBeat(rest: boolean): void
}

/** What reads by a beat; `flush` hands on what was read. */
export function readInBeat(
  wire: { readonly receivedBytes: number; setResting(resting: boolean): void },
  flush: () => void,
): BeatMember {
  return {
    get receivedBytes() {
      return wire.receivedBytes
    },
    wake: () => wire.setResting(false),
    endBeat: (rest) => {
      flush()
      wire.setResting(rest)
    },
  }
}

const TICK_MS = 25
/** Viewers see a frame up to 100 ms later; the recording's recovery point has room for as much. */
const LONGEST_TICKS = 4
/** More must not wait: a connection's window begins with 64 KiB, and a full one would slow the encoder down. */
const MANY_BYTES = 40 * 1024

interface Pace {
  ticks: number
  receivedBytes: number
}

export class ReadBeat {
  readonly #members = new Map<BeatMember, Pace>()
  /** Those that somebody waits for. */
  readonly #read = new Map<BeatMember, Promise<void>>()
  #ticks = 0
  #timer: NodeJS.Timeout | undefined

  /** Idempotent. */
  add(member: BeatMember): void {
    if (this.#members.has(member)) return
    this.#members.set(member, { ticks: 1, receivedBytes: member.receivedBytes })
    this.#timer ??= setTimeout(() => this.#tick(), TICK_MS)
  }

  /** It is awake then. Idempotent. */
  remove(member: BeatMember): void {
    if (!this.#members.delete(member)) return
    member.wake()
    if (this.#members.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Resolves when what has arrived from it until now is read. */
  async read(member: BeatMember): Promise<void> {
    if (!this.#members.has(member)) return
    member.wake()
    const reading = twoTurns()
    this.#read.set(member, reading)
    await reading
    if (this.#read.get(member) === reading) this.#read.delete(member)
  }

  /** The same of all. */
  async readAll(): Promise<void> {
    await Promise.all([...this.#members.keys()].map((member) => this.read(member)))
  }

  #tick(): void {
    this.#timer?.refresh()
    this.#ticks += 1
    const due = [...this.#members].filter(([, { ticks }]) => this.#ticks % ticks === 0)
    if (due.length === 0) return
    for (const [member] of due) member.wake()
    // By then the loop has asked every socket once.
    setImmediate(() => {
      for (const [member, pace] of due)
        if (this.#members.has(member)) end(member, pace, !this.#read.has(member))
    })
  }
}

/** Of the event loop: whoever is woken while it asks the sockets is asked in the next one. */
function twoTurns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function end(member: BeatMember, pace: Pace, mayRest: boolean): void {
  const bytes = member.receivedBytes - pace.receivedBytes
  pace.receivedBytes = member.receivedBytes
  const many = bytes > MANY_BYTES
  member.endBeat(mayRest && (!many || pace.ticks > 1))
  if (many) pace.ticks = Math.max(1, pace.ticks / 2)
  else if (bytes * 2 <= MANY_BYTES) pace.ticks = Math.min(LONGEST_TICKS, pace.ticks * 2)
}
