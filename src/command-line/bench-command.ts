/** `reprise bench [name…]`: the measurements of test/bench, which do not come with every installation. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../kernel/errors.ts'

const BENCH = path.resolve(import.meta.dirname, '../../test/bench/run.ts')

export function addBenchCommand(program: Command): void {
  program
    .command('bench [args...]')
    .description('measure this machine beside nginx and others; "reprise bench --help" has the options')
    // They are those of test/bench/options.ts, its help too.
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      if (!existsSync(BENCH))
        throw new AppError(
          'setup-failed',
          'The measurements are not part of this installation: run them from a checkout of the source.',
        )
      const child = spawn(process.execPath, [BENCH, ...args], { stdio: 'inherit' })
      const pass = (signal: NodeJS.Signals) => child.kill(signal)
      // A terminal sends its Ctrl-C to both; the measurement decides when to end.
      const stay = () => {}
      process.on('SIGTERM', pass).on('SIGINT', stay)
      const [code] = (await once(child, 'exit')) as [number | null]
      process.off('SIGTERM', pass).off('SIGINT', stay)
      process.exitCode = code ?? 1
    })
}
