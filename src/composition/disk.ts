/** The disk of the recordings, watched: each role holds back at its own level. */
import { mkdir } from 'node:fs/promises'
import { DiskWatermarks } from '../recording/disk-watermarks.ts'
import type { Foundation } from './foundation.ts'

/** Measured once when it resolves. Watched until the stack is disposed of. */
export async function watchDisk(
  { config, paths, log }: Pick<Foundation, 'config' | 'paths' | 'log'>,
  stack: AsyncDisposableStack,
): Promise<DiskWatermarks> {
  const disk = new DiskWatermarks({
    folder: paths.recordings,
    marks: {
      warnBytes: config.warnFreeBytes,
      refuseBytes: config.minFreeBytes,
      criticalBytes: config.emergencyFreeBytes,
    },
  })
  // It may be a disk of its own.
  await mkdir(paths.recordings, { recursive: true })
  await disk.look()
  stack.defer(
    disk.onChange(({ level, freeBytes }) => log.warn({ level, freeBytes }, 'free space on the disk')),
  )
  const watching = new AbortController()
  const watched = disk.watch(watching.signal, (error) =>
    log.error({ err: error }, 'the disk cannot be measured'),
  )
  stack.defer(async () => {
    watching.abort()
    await watched
  })
  return disk
}

/** Why nothing new may begin, in words; undefined while it may. */
export function diskRefusal({ state, isFull }: DiskWatermarks): string | undefined {
  if (state === undefined || (!isFull && (state.level === 'ok' || state.level === 'warn'))) return undefined
  return `The server's disk is ${isFull ? '' : 'nearly '}full (${Math.floor(state.freeBytes / 2 ** 20)} MiB free): its administrator has to make room.`
}
