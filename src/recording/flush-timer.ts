/** One timer for all logs: every 100 ms what waits is written, every 1.5 s what was written is synced. Runs only while a log is open. */
export interface Flushable {
  flush(): void
  sync(): void
}

export const FLUSH_MS = 100
/**
 * Power loss may cost 2 s of what was received: this long until the sync, the wait for a flush before,
 * and the sync's own time. By the clock, since ticks of a busy process come late.
 */
const SYNC_MS = 1500

export class FlushTimer {
  /** When each was synced, on performance.now's clock. */
  readonly #members = new Map<Flushable, number>()
  #timer: NodeJS.Timeout | undefined

  add(member: Flushable): void {
    this.#members.set(member, performance.now())
    this.#timer ??= setInterval(() => this.#tick(), FLUSH_MS)
  }

  remove(member: Flushable): void {
    this.#members.delete(member)
    if (this.#members.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const nowMs = performance.now()
    for (const [member, syncedMs] of this.#members) {
      member.flush()
      if (nowMs - syncedMs < SYNC_MS) continue
      member.sync()
      this.#members.set(member, nowMs)
    }
  }
}
