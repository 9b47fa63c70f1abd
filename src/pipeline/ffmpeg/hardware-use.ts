/**
 * The hardware encoder in use. Whatever goes wrong, software takes over: it never costs a chunk, only speed.
 *
 *     in use ──a chunk fails that software then makes──▶ in use      told once in the log
 *        └──three in a row──▶ given up, until the next start
 */
import type { Logger } from '../../kernel/logger.ts'
import type { HardwareEncoder, HardwareKind } from './encoder-argv.ts'

export interface HardwareUse {
  /** Undefined: software encodes. */
  readonly encoder: HardwareEncoder | undefined
  /** ffmpeg's name of what is in use, such as "h264_nvenc". */
  readonly name: string | undefined
  /** A chunk came out well. */
  succeeded(): void
  /** Software has made what hardware could not. */
  failed(error: unknown): void
}

export const NO_HARDWARE: HardwareUse = {
  encoder: undefined,
  name: undefined,
  succeeded: () => undefined,
  failed: () => undefined,
}

const GIVEN_UP_AFTER = 3

export function takeHardware(encoder: HardwareEncoder, logger: Logger): HardwareUse {
  let failures = 0
  let told = false
  const isGivenUp = () => failures >= GIVEN_UP_AFTER
  return {
    get encoder() {
      return isGivenUp() ? undefined : encoder
    },
    get name() {
      return isGivenUp() ? undefined : hardwareName(encoder.kind)
    },
    succeeded() {
      failures = 0
    },
    failed(error) {
      failures += 1
      if (isGivenUp())
        logger.warn(
          { err: error },
          'the hardware encoder failed again and is given up: software encodes from here on',
        )
      else if (!told) logger.warn({ err: error }, 'the hardware encoder failed: software made that part')
      told = true
    },
  }
}

/** ffmpeg's name of the encoder. */
export function hardwareName(kind: HardwareKind): string {
  return `h264_${kind}`
}
