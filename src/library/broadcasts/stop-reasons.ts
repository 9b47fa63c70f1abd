/** Why a session is stopped from our side by its recording, and how the person at the encoder is told. */
import type { SessionEnding } from '../../ingest/publish-gate.ts'
import { isDiskFull } from '../../kernel/errors.ts'

export type StopReason = readonly [ending: SessionEnding, reason: string]

/** What the system said stays out of it, apart from its code: it names files. */
export function refusalOfDisk(error: Error): StopReason {
  if (isDiskFull(error))
    return ['disk', 'The server cannot record any more: its disk is full. What came before is kept.']
  const { code } = error as NodeJS.ErrnoException
  return [
    'write-error',
    `The server cannot record any more: its disk refused to write${code ? ` (${code})` : ''}. What came before is kept.`,
  ]
}

export function sizeLimit(maxBytes: number): StopReason {
  const size = maxBytes >= 2 ** 30 ? `${shown(maxBytes / 2 ** 30)} GiB` : `${shown(maxBytes / 2 ** 20)} MiB`
  return [
    'size-limit',
    `The broadcast has reached the largest size this server takes, ${size}, and was ended. Start streaming again for a new one.`,
  ]
}

const shown = (amount: number) => String(Math.round(amount * 10) / 10)
