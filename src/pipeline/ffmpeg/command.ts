/** A run of ffmpeg as data: what the argv builders return and the executor runs. */

export interface FfmpegInput {
  /** As after `-i`. */
  readonly url: string
  /** Options before `-i`. */
  readonly options: readonly string[]
}

export interface FfmpegOutput {
  readonly path: string
  readonly options: readonly string[]
}

export interface FfmpegCommand {
  readonly inputs: readonly FfmpegInput[]
  /** `-filter_complex`. */
  readonly filterGraph?: string
  readonly outputs: readonly FfmpegOutput[]
  /** What filters have measured is told at `info`; else only warnings are. */
  readonly logLevel?: 'info'
}

/** An output's path that is no file: what comes there goes to `RunOptions.onBytes`. */
export const STDOUT = 'pipe:1'

/** What differs between the builds we run on: Debian's 5.1 and later, and the 2018 build of @ffmpeg-installer. */
export interface FfmpegDialect {
  /** Every frame through as it comes: `-fps_mode` since 5.1, `-vsync` before. */
  readonly passthrough: readonly string[]
  /** zscale and tonemap are built in: HDR can be brought to SDR. */
  readonly toneMapping: boolean
}

/** `version` is the first line of `ffmpeg -version`; `filters` the output of `ffmpeg -filters`. */
export function parseDialect(version: string, filters: string): FfmpegDialect {
  const release = /ffmpeg version n?(\d+)\.(\d+)/.exec(version)
  const snapshot = /ffmpeg version N-(\d+)/.exec(version)
  const major = Number(release?.[1] ?? 0)
  const minor = Number(release?.[2] ?? 0)
  // Snapshots count commits; -fps_mode came with 5.1, around N-107000.
  const modern = release
    ? major > 5 || (major === 5 && minor >= 1)
    : snapshot
      ? Number(snapshot[1]) >= 107_500
      : true
  return {
    passthrough: modern ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'],
    toneMapping: /^\s*\S+\s+zscale\s/m.test(filters) && /^\s*\S+\s+tonemap\s/m.test(filters),
  }
}
