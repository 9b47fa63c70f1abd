/**
 * The rungs of a chunk, encoded by hardware where it works and by software where it does not, or no longer
 * does. One init serves a rendition from its first chunk to its last: what began with hardware has the
 * parameter sets of both in it (packaging/joined-config.ts), what began with software stays with it.
 */
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys } from '../../media/layout.ts'
import { configOfFile } from '../../packaging/encoded-input.ts'
import { decodesWith, hasTwoConfigs } from '../../packaging/joined-config.ts'
import type { FfmpegCommand } from '../ffmpeg/command.ts'
import { type RungEncoder, SOFTWARE, SOFTWARE_BESIDE_HARDWARE } from '../ffmpeg/encoder-argv.ts'
import { type RunOptions, runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import type { Rung } from '../ladder.ts'
import type { StepParts } from './step-parts.ts'
import type { MadeSegments } from './store-segments.ts'

export interface RungRun {
  readonly rungs: readonly Rung[]
  readonly encoderOf: (rung: Rung) => RungEncoder
  /** Of each rung a single frame, beside the real output: for its configuration. */
  readonly trial?: boolean
}

export interface RungWork {
  readonly videoId: VideoId
  readonly rungs: readonly Rung[]
  readonly watched: RunOptions
  readonly commandFor: (run: RungRun) => FfmpegCommand
  /** Where a run puts a rung. */
  readonly outputOf: (rung: Rung, trial?: boolean) => string
  /** Cuts and verifies what a run made. `configs`: by rung, what its init has to hold besides. */
  readonly cut: (configs: ReadonlyMap<string, Uint8Array>) => Promise<readonly MadeSegments[]>
}

/** A driver that hangs is given up sooner than an encoder that is slow. */
const HARDWARE_STALL_MS = 20_000

export async function encodeRungs(parts: StepParts, work: RungWork): Promise<readonly MadeSegments[]> {
  const inits = new Map(
    await Promise.all(
      work.rungs.map(
        async ({ name }) => [name, await parts.store.read(mediaKeys.init(work.videoId, name))] as const,
      ),
    ),
  )
  const isShared = ({ name }: Rung) => {
    const init = inits.get(name)
    return init !== undefined && hasTwoConfigs(init)
  }
  const { encoder } = parts.tools.hardware
  const byHardware = encoder
    ? work.rungs.filter(
        (rung) => (rung.codec ?? 'h264') === 'h264' && (!inits.get(rung.name) || isShared(rung)),
      )
    : []
  const software = (rung: Rung): RungEncoder => (isShared(rung) ? SOFTWARE_BESIDE_HARDWARE : SOFTWARE)
  let failure: { readonly error: unknown } | undefined
  if (encoder && byHardware.length > 0) {
    try {
      const made = await encodeByHardware(parts, work, byHardware, (rung) =>
        byHardware.includes(rung) ? { by: 'hardware', hardware: encoder } : software(rung),
      )
      mustContinue(made, inits)
      parts.tools.hardware.succeeded()
      return made
    } catch (error) {
      if (work.watched.signal.aborted) throw error
      failure = { error }
    }
  }
  const run = { rungs: work.rungs, encoderOf: software }
  await runFfmpeg(parts.tools, work.commandFor(run), work.watched)
  const made = await work.cut(new Map())
  // Only now: what software cannot make either is not the hardware's fault.
  if (failure) parts.tools.hardware.failed(failure.error)
  return made
}

async function encodeByHardware(
  { tools }: StepParts,
  work: RungWork,
  byHardware: readonly Rung[],
  encoderOf: (rung: Rung) => RungEncoder,
): Promise<readonly MadeSegments[]> {
  const stallMs = Math.min(HARDWARE_STALL_MS, tools.stallMs)
  await runFfmpeg(tools, work.commandFor({ rungs: work.rungs, encoderOf }), { ...work.watched, stallMs })
  const trial = { rungs: byHardware, encoderOf: () => SOFTWARE_BESIDE_HARDWARE, trial: true }
  await runFfmpeg(tools, work.commandFor(trial), { signal: work.watched.signal })
  const configs = byHardware.map(
    async (rung) => [rung.name, await configOfFile(work.outputOf(rung, true))] as const,
  )
  return work.cut(new Map(await Promise.all(configs)))
}

/** Another machine's hardware, or another driver, may have begun. */
function mustContinue(
  made: readonly MadeSegments[],
  inits: ReadonlyMap<string, Uint8Array | undefined>,
): void {
  for (const { rendition, encoded } of made) {
    const init = inits.get(rendition)
    if (init && !decodesWith(init, encoded.init))
      throw new AppError(
        'encode-failed',
        `Another encoder began ${rendition}, and this one cannot go on with it.`,
      )
  }
}
