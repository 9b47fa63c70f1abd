/** What rungs are encoded in besides H.264, which there always is, and whether this ffmpeg can. */
import { AppError } from '../kernel/errors.ts'
import type { VideoCodec } from './codec-levels.ts'

/** ffmpeg's names. */
const ENCODERS = { h264: 'libx264', hevc: 'libx265', av1: 'libaom-av1' } as const satisfies Record<
  VideoCodec,
  string
>

/** `encoders`: ffmpeg's names of all its encoders. Throws AppError `bad-setting`. */
export function requireEncoders(codecs: readonly VideoCodec[], encoders: ReadonlySet<string>): void {
  for (const codec of codecs) {
    if (encoders.has(ENCODERS[codec])) continue
    throw new AppError(
      'bad-setting',
      `RENDITION_CODECS asks for ${codec}, and this ffmpeg was built without ${ENCODERS[codec]}: take ${codec} out, or set FFMPEG_PATH to one that has it.`,
    )
  }
}
