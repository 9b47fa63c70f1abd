/**
 * Whether the machine has room for what is encoded beforehand. Viewers who wait do not ask here: what they
 * wait for is a few seconds of work each, and limited in number.
 */
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../kernel/logger.ts'

export interface EncodeRoom {
  /** Resolves when encoding may begin. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<void>
}

export interface EncodeRoomOptions {
  /** Why nothing must be written now, in words; undefined while it may. */
  readonly diskPressure: () => string | undefined
  /** Share of the processors (0 to 1) that everything else may take before encoding waits; 1: it never does. */
  readonly loadLimit: number
  readonly logger: Logger
  /** For tests: the share taken since the last call, and how long to wait between looks. */
  readonly otherLoad?: () => number
  readonly lookAgainMs?: number
}

const LOOK_AGAIN_MS = 2_000

export function makeEncodeRoom(options: EncodeRoomOptions): EncodeRoom {
  const { diskPressure, loadLimit, logger, lookAgainMs = LOOK_AGAIN_MS } = options
  const otherLoad = options.otherLoad ?? measureOtherLoad()
  let waiting = 0
  let told = ''

  const reason = (): string | undefined => {
    const disk = diskPressure()
    if (disk !== undefined) return disk
    return loadLimit < 1 && otherLoad() > loadLimit ? 'the processors are busy with other things' : undefined
  }

  return {
    async enter(signal) {
      signal.throwIfAborted()
      waiting += 1
      try {
        for (let why = reason(); why !== undefined; why = reason()) {
          if (why !== told) logger.info({ reason: why, waiting }, 'encoding waits')
          told = why
          await delay(lookAgainMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
        if (told !== '') logger.info('encoding goes on')
        told = ''
      } finally {
        waiting -= 1
      }
    },
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
