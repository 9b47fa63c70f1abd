/**
 * The parts that one program can run, together or each in a process of its own:
 *
 *     ingest   the RTMP ports, recordings, packaging while on air; owner of the storage folder, so one of them
 *     web      the API, media, live outputs and pages
 *     worker   jobs: renditions, pictures, replays; as many as there are machines
 */
import { AppError } from '../kernel/errors.ts'

export const ROLES = ['ingest', 'web', 'worker'] as const
export type Role = (typeof ROLES)[number]

/** "worker" or "ingest,web"; several such texts add up. Nothing given: every role. Throws AppError `bad-setting`. */
export function parseRoles(given: readonly string[]): ReadonlySet<Role> {
  const names = given.flatMap((text) => text.split(',')).map((name) => name.trim())
  if (names.length === 0) return new Set(ROLES)
  const unknown = names.find((name) => !(ROLES as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new AppError(
      'bad-setting',
      `--role: ${unknown === '' ? 'a name is missing' : `there is no role "${unknown}"`}. They are ${ROLES.join(', ')}; several are separated by commas.`,
    )
  return new Set(ROLES.filter((role) => names.includes(role)))
}

/** Throws AppError `bad-setting` unless the roles can find each other: the embedded database serves one program. */
export function checkRoles(roles: ReadonlySet<Role>, databaseUrl: string | undefined): void {
  if (databaseUrl !== undefined || ROLES.every((role) => roles.has(role))) return
  throw new AppError(
    'bad-setting',
    `DATABASE_URL: must be set for --role ${[...roles].join(',')}: roles in several processes meet in a PostgreSQL of yours, and share one STORAGE_DIR. The embedded one serves a program that runs every role.`,
  )
}
