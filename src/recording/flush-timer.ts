/** One timer for all logs: every 100 ms what waits is written, every 2 s what was written is synced. Runs only while a log is open. */
export interface Flushable {
  flush(): void
  sync(): void
}

export const FLUSH_MS = 100
const TICKS_TO_SYNC = 20

export class FlushTimer {
  readonly #members = new Map<Flushable, number>()
  #timer: NodeJS.Timeout | undefined

  add(member: Flushable): void {
    this.#members.set(member, 0)
    this.#timer ??= setInterval(() => this.#tick(), FLUSH_MS)
  }

  remove(member: Flushable): void {
    this.#members.delete(member)
    if (this.#members.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    for (const [member, ticks] of this.#members) {
      member.flush()
      const due = ticks + 1 >= TICKS_TO_SYNC
      if (due) member.sync()
      this.#members.set(member, due ? 0 : ticks + 1)
    }
  }
}
