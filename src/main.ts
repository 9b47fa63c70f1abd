/** The command line: signals in, exit code out. */
import { enableCompileCache } from 'node:module'
import path from 'node:path'

// Half of the time a start takes is compiling; what was compiled is kept with the packages. Where it cannot be
// written, nothing is lost but that time. Everything else is imported after this, to be in it.
enableCompileCache(path.resolve(import.meta.dirname, '../node_modules/.reprise/compile-cache'))

const { runCommandLine } = await import('./command-line/program.ts')
process.exitCode = await runCommandLine(process.argv)
