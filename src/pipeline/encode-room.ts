/**
 * Whether the machine has room for what is made beforehand. Viewers who wait do not ask here: what they wait for
 * is a few seconds of work each, and limited in number. Who is held up says why, for people to see.
 */
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { VideoId } from '../kernel/ids.ts'
import type { Logger } from '../kernel/logger.ts'
import type { JobKind } from './job-kinds.ts'

export interface EncodeRoom {
  /** Resolves when encoding may begin. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<void>
  /** Resolves when the disk has room for so many bytes more. Rejects with the signal's reason. */
  admit?(kind: JobKind, videoId: VideoId, bytes: number, signal: AbortSignal): Promise<void>
  /** What is held up at this moment (a kind of job, or `<kind> <video>`), and why, in words. */
  held?(): Readonly<Record<string, string>>
}

export interface EncodeRoomOptions {
  /** Why nothing must be written now, in words; undefined while it may. */
  readonly diskPressure: () => string | undefined
  /** Free space on the disk that media are written to, and how much of it is to stay free. */
  readonly freeBytes?: () => number | undefined
  readonly keepFreeBytes?: number
  /** Share of the processors (0 to 1) that everything else may take before encoding waits; 1: it never does. */
  readonly loadLimit: number
  readonly logger: Logger
  /** For tests: the share taken since the last call, and how long to wait between looks. */
  readonly otherLoad?: () => number
  readonly lookAgainMs?: number
}

const LOOK_AGAIN_MS = 2_000
const GIBIBYTE = 2 ** 30

export function makeEncodeRoom(options: EncodeRoomOptions): Required<EncodeRoom> {
  const {
    diskPressure,
    freeBytes,
    keepFreeBytes = 0,
    loadLimit,
    logger,
    lookAgainMs = LOOK_AGAIN_MS,
  } = options
  const otherLoad = options.otherLoad ?? measureOtherLoad()
  /** Those who wait, by what they are told. */
  const waiting = new Set<{ readonly what: string; why: string }>()
  const told = new Map<string, string>()

  async function hold(what: string, signal: AbortSignal, reason: () => string | undefined): Promise<void> {
    signal.throwIfAborted()
    let why = reason()
    if (why !== undefined) {
      const own = { what, why }
      waiting.add(own)
      try {
        for (; why !== undefined; why = reason()) {
          own.why = why
          if (why !== told.get(what))
            logger.info({ what, reason: why, waiting: waiting.size }, 'work waits for room')
          told.set(what, why)
          await delay(lookAgainMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
      } finally {
        waiting.delete(own)
      }
    }
    if (told.delete(what)) logger.info({ what }, 'there is room again')
  }

  return {
    enter: (signal) =>
      hold('encode-chunk', signal, () => {
        const disk = diskPressure()
        if (disk !== undefined) return disk
        return loadLimit < 1 && otherLoad() > loadLimit
          ? 'the processors are busy with other things'
          : undefined
      }),
    admit: (kind, videoId, bytes, signal) =>
      hold(`${kind} ${videoId}`, signal, () => {
        const free = freeBytes?.()
        if (free === undefined || free - bytes >= keepFreeBytes) return undefined
        const lacking = (keepFreeBytes + bytes - free) / GIBIBYTE
        return `there is no room for it on the disk: ${lacking.toFixed(1)} GiB more have to be free`
      }),
    held: () => Object.fromEntries([...waiting].map(({ what, why }) => [what, why])),
  }
}

/** Everything that is not niced, as our encoders are: they would otherwise wait for themselves. */
function measureOtherLoad(): () => number {
  let before = total()
  let load = 0
  return () => {
    const now = total()
    // Several encoders may ask in one moment.
    if (now.all - before.all < 1_000) return load
    load = (now.busy - before.busy) / (now.all - before.all)
    before = now
    return load
  }
}

/** Milliseconds since the machine started, of all processors together. */
function total(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0]
  for (const { times } of cpus()) {
    busy += times.user + times.sys + times.irq
    all += times.user + times.sys + times.irq + times.nice + times.idle
  }
  return { busy, all }
}
