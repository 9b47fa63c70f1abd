/** The commands, and how each ends: 0 when done, 1 for a foreseen failure (one message, no stack), 2 for wrong usage. */
import { Command, CommanderError } from 'commander'
import { makeConfig } from '../config/config.ts'
import { readEnv } from '../config/env.ts'
import { parseRoles } from '../config/roles.ts'
import { AppError } from '../kernel/errors.ts'
import { makeLogger } from '../kernel/logger.ts'
import { addBenchCommand } from './bench-command.ts'
import { addDemoCommand } from './demo.ts'
import { runDoctor } from './doctor.ts'
import { addImportCommand } from './import-command.ts'
import { addPeopleCommands } from './people-commands.ts'
import { addRebuildCommand } from './rebuild-command.ts'
import { runRepair } from './repair.ts'
import { serve } from './serve.ts'

/** Resolves with the exit code. Rejects only for bugs. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const program = makeProgram()
  try {
    await program.parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof AppError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

function makeProgram(): Command {
  const program = new Command('reprise')
    .description(
      'Records live broadcasts and turns each into a replay. Settings are environment variables: docs/operating.md.',
    )
    .exitOverride()
    .showHelpAfterError()

  program
    .command('serve')
    .description('run everything: ingest, the web and a worker; or parts of it, beside the others')
    .option(
      '--role <names...>',
      'ingest, web, worker; several by comma. They share STORAGE_DIR and a DATABASE_URL',
    )
    .action(async ({ role = [] }: { role?: string[] }) => {
      const roles = parseRoles(role)
      const config = readConfig()
      await serve(config, roles, makeLogger(config.logLevel))
    })

  program
    .command('doctor')
    .description('check this machine, the settings, and storage against database, and say what to do')
    .option('--repair', 'put right what does not agree between storage and database, asking each time')
    .option('--yes', 'with --repair: do everything without asking')
    .action(async ({ repair = false, yes = false }: { repair?: boolean; yes?: boolean }) => {
      process.exitCode = repair ? await runRepair(readConfig(), { yes }) : await runDoctor(readConfig())
    })

  addImportCommand(program)
  addPeopleCommands(program)
  addRebuildCommand(program)
  addDemoCommand(program)
  addBenchCommand(program)
  return program
}

function readConfig() {
  return makeConfig(readEnv(), process.cwd())
}
