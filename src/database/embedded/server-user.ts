/**
 * Whom PostgreSQL runs as. It refuses to be root, so a root program hands the cluster to another user:
 * whoever owns the cluster already, else `postgres`, else `nobody`. If that user cannot walk to the folder
 * (a clone in /root), it is given the one capability that lets it read and traverse, nothing to write with.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../kernel/errors.ts'

export interface ServerUser {
  readonly name: string
  /** Undefined: ourselves. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined
  /** What spawn() must switch to, when it can be done that way. */
  readonly spawnAs: { readonly uid: number; readonly gid: number } | undefined
  /** A command to put in front, when it can not. */
  readonly wrapper: readonly string[]
}

const SETPRIV = '/usr/bin/setpriv'
/** Bits of the capability sets, linux/capability.h. */
const CAPABILITIES = { dac_read_search: 2n, dac_override: 1n } as const

/**
 * @param dir the cluster's folder, existing
 * @param data PGDATA below it, perhaps not there yet
 * @param binary one that the user must be able to run
 */
export function chooseServerUser(dir: string, data: string, binary: string): ServerUser {
  if (process.getuid?.() !== 0) return { name: 'ourselves', ids: undefined, spawnAs: undefined, wrapper: [] }
  const { name, uid, gid } = unprivilegedUser(data)
  const ids = { uid, gid }
  if (canReach(ids, dir) && canReach(ids, path.dirname(binary)))
    return { name, ids, spawnAs: ids, wrapper: [] }

  const capability = heldCapability()
  if (!capability || !existsSync(SETPRIV)) {
    throw new AppError(
      'setup-failed',
      `PostgreSQL does not run as root, and the user "${name}" cannot reach ${dir} or ${path.dirname(binary)}. ` +
        "Set STORAGE_DIR to a folder outside of root's home, run as an ordinary user, or set DATABASE_URL.",
    )
  }
  return {
    name,
    ids,
    spawnAs: undefined,
    // no_setuid_fixup: access(2) would otherwise answer as if the capability were not there.
    wrapper: [
      SETPRIV,
      ...['--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--securebits=+no_setuid_fixup'],
      ...[`--inh-caps=-all,+${capability}`, `--ambient-caps=-all,+${capability}`, '--'],
    ],
  }
}

function unprivilegedUser(data: string): { name: string; uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
  const owner = existsSync(data) ? statSync(data).uid : 0
  const user =
    (owner > 0 ? users.find((candidate) => candidate.uid === owner) : undefined) ??
    users.find((candidate) => candidate.name === 'postgres') ??
    users.find((candidate) => candidate.name === 'nobody')
  if (user) return user
  throw new AppError(
    'setup-failed',
    'PostgreSQL does not run as root, and there is no user "postgres" or "nobody": set DATABASE_URL.',
  )
}

function canReach(ids: { uid: number; gid: number }, folder: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...ids, cwd: '/', stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The weaker of two capabilities that will do, if this process has it to give. */
function heldCapability(): keyof typeof CAPABILITIES | undefined {
  let effective: bigint
  try {
    effective = BigInt(
      `0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`,
    )
  } catch {
    return undefined
  }
  return (['dac_read_search', 'dac_override'] as const).find((name) => (effective >> CAPABILITIES[name]) & 1n)
}
