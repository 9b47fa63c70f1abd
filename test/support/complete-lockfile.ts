/**
 * `npm run lockfile:complete`, after any change of dependencies. npm leaves out of package-lock.json the platform
 * packages that its registry does not hold (mirrors often have only some), and `npm ci` of npm 11 then
 * refuses the file. This writes them in: exact version, for which platform, no checksum.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const LOCKFILE = path.resolve(import.meta.dirname, '../../package-lock.json')

interface LockedPackage {
  version?: string
  dev?: boolean
  optional?: boolean
  optionalDependencies?: Record<string, string>
  os?: string[]
  cpu?: string[]
  libc?: string[]
}

interface Lockfile {
  packages: Record<string, LockedPackage>
}

export function readLockfile(): Lockfile {
  return JSON.parse(readFileSync(LOCKFILE, 'utf8')) as Lockfile
}

/** Platform packages that a locked package asks for and the lockfile lacks, by their place in it. */
export function findMissing({ packages }: Lockfile): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {}
  for (const [where, locked] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(locked.optionalDependencies ?? {})) {
      const platform = parsePlatform(name)
      const isLocked = `${where}/node_modules/${name}` in packages || `node_modules/${name}` in packages
      // A range would have to be resolved: only exact versions can be written down from here.
      if (!platform || isLocked || !/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) continue
      missing[`node_modules/${name}`] = {
        version,
        ...(locked.dev ? { dev: true } : {}),
        optional: true,
        ...platform,
      }
    }
  }
  return missing
}

/** What "@scope/binding-linux-arm64-musl" says about where it belongs; undefined when it is no such name. */
function parsePlatform(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> | undefined {
  const match =
    /-(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/.exec(
      name,
    )
  if (!match) return undefined
  const [, os = '', cpu = '', abi = ''] = match
  const libc = os !== 'linux' ? undefined : abi.startsWith('musl') ? 'musl' : 'glibc'
  return { os: [os], cpu: [cpu], ...(libc ? { libc: [libc] } : {}) }
}

if (import.meta.main) {
  const lockfile = readLockfile()
  const missing = findMissing(lockfile)
  const packages = Object.entries({ ...lockfile.packages, ...missing }).sort(([a], [b]) =>
    a.localeCompare(b, 'en'),
  )
  writeFileSync(
    LOCKFILE,
    `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(packages) }, null, 2)}\n`,
  )
  console.log(`Written: ${Object.keys(missing).length} platform packages.`)
}
