/** The command line: signals in, exit code out. */
import { runCommandLine } from './command-line/program.ts'

process.exitCode = await runCommandLine(process.argv)
