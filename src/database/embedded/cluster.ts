/**
 * A cluster's folder:
 *
 *     <dir>/data/                PGDATA, with our password file in it
 *     <dir>/socket/              the unix socket; in the temporary folder when the path is too long for one
 *     <dir>/postgres.log
 *
 * It is made aside and renamed, so a half-made cluster, or one that lost a race, never counts.
 */
import { createHash, randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import { locateBinaries, type PostgresBinaries } from './binaries.ts'
import { runBinary } from './run-binary.ts'
import { chooseServerUser, type ServerUser } from './server-user.ts'

export interface Cluster {
  readonly dir: string
  readonly data: string
  readonly socketDir: string
  readonly logFile: string
  readonly password: string
  readonly user: ServerUser
  readonly binaries: PostgresBinaries
}

/** sun_path holds 108 bytes with its terminator (unix(7)); PostgreSQL adds the file's name and a lock's suffix. */
const MAX_SOCKET_DIR_BYTES = 107 - '/.s.PGSQL.5432.lock'.length
const PASSWORD_FILE = 'reprise-password'

/** Finds or makes the cluster in `dir`. `durable: false` skips syncing: for tests. Throws AppError `setup-failed`. */
export async function openCluster(
  dirGiven: string,
  options: { readonly durable: boolean },
): Promise<Cluster> {
  const binaries = locateBinaries()
  mkdirSync(dirGiven, { recursive: true, mode: 0o700 })
  const dir = realpathSync(dirGiven)
  const data = path.join(dir, 'data')
  const user = chooseServerUser(dir, data, binaries.initdb)
  if (user.ids) chownSync(dir, user.ids.uid, user.ids.gid)
  removeHalfMade(dir)
  if (!existsSync(path.join(data, 'PG_VERSION')))
    await makeCluster(data, { binaries, user, durable: options.durable })
  return {
    dir,
    data,
    socketDir: makeSocketDir(dir, user),
    logFile: path.join(dir, 'postgres.log'),
    password: readPassword(data),
    user,
    binaries,
  }
}

/** The password of a cluster that exists; throws AppError `setup-failed` when it may not be read. */
export function readPassword(data: string): string {
  try {
    return readFileSync(path.join(data, PASSWORD_FILE), 'utf8').trim()
  } catch (cause) {
    throw new AppError(
      'setup-failed',
      `The database in ${data} cannot be opened by this user: it belongs to another. Start as the user who made it, or choose another STORAGE_DIR.`,
      { cause },
    )
  }
}

async function makeCluster(
  data: string,
  { binaries, user, durable }: { binaries: PostgresBinaries; user: ServerUser; durable: boolean },
): Promise<void> {
  const aside = `${data}.making-${process.pid}-${randomBytes(3).toString('hex')}`
  const passwordAside = `${aside}.password`
  const ownIds = user.ids
  try {
    writeFileSync(passwordAside, randomBytes(24).toString('base64url'), { mode: 0o600 })
    if (ownIds) chownSync(passwordAside, ownIds.uid, ownIds.gid)
    await runBinary(
      binaries.initdb,
      [
        ...['-D', aside, '-U', 'postgres', '--pwfile', passwordAside, '-A', 'scram-sha-256', '-E', 'UTF8'],
        // Sorting and case by Unicode, the same on every machine, whatever locales it has.
        ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--data-checksums'],
        ...(durable ? [] : ['--no-sync']),
      ],
      user,
    )
    renameSync(passwordAside, path.join(aside, PASSWORD_FILE))
    renameSync(aside, data)
  } catch (cause) {
    rmSync(aside, { recursive: true, force: true })
    rmSync(passwordAside, { force: true })
    // Another start was faster: its cluster is as good.
    if (existsSync(path.join(data, 'PG_VERSION'))) return
    throw new AppError(
      'setup-failed',
      `The embedded database could not be made in ${data}: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
}

/** Clears what starts left that were killed while making the cluster. */
function removeHalfMade(dir: string): void {
  for (const name of readdirSync(dir)) {
    const pid = /^data\.making-(\d+)/.exec(name)?.[1]
    if (pid && !isAlive(Number(pid))) rmSync(path.join(dir, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function makeSocketDir(dir: string, user: ServerUser): string {
  const near = path.join(dir, 'socket')
  const fits = Buffer.byteLength(near) <= MAX_SOCKET_DIR_BYTES
  const folder = fits
    ? near
    : path.join(tmpdir(), `reprise-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // In a shared temporary folder somebody else could have made it first, to listen in our place.
  const found = lstatSync(folder)
  const owners = [process.getuid?.(), user.ids?.uid]
  if (!found.isDirectory() || !owners.includes(found.uid) || (found.mode & 0o077) !== 0) {
    throw new AppError(
      'setup-failed',
      `${folder} is not a private folder of ours: remove it and start again.`,
    )
  }
  if (user.ids) chownSync(folder, user.ids.uid, user.ids.gid)
  return folder
}
