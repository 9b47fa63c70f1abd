/**
 * What stands between the machine and a decoder that a hostile file may have taken over: a clean
 * environment and limits of the kernel in any case; and where bubblewrap works, no network, no other
 * processes, no capabilities, and of the file system only programs and libraries, the input (read-only)
 * and the run's own folder.
 *
 *     sh environment.sh ▸ prlimit … ▸ bwrap … ▸ ffmpeg
 *
 * bubblewrap 0.8, bwrap(1); util-linux 2.38, prlimit(1), setpriv(1).
 */
import { execFile } from 'node:child_process'
import { access, chmod, constants, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../../kernel/errors.ts'
import { ENCODER_MEMORY_BYTES, MAX_OUTPUT_BYTES, PROBE_CPU_SECONDS, PROBE_MEMORY_BYTES } from './limits.ts'

const run = promisify(execFile)

/** `auto`: bubblewrap where it works. */
export type SandboxSetting = 'auto' | 'bwrap' | 'none'

/** `probe` looks at a file's head, `scan` walks through all of it. */
type Role = 'probe' | 'scan' | 'encoder' | 'hardware-encoder'

interface Need {
  readonly as: Role
  readonly reads: readonly string[]
  readonly writes: readonly string[]
}

export interface Confinement {
  readonly kind: 'bwrap' | 'none'
  /** For the log and the doctor: words. */
  readonly summary: string
  /** What goes in front of a program that reads `reads` and writes below `writes`; all paths absolute. */
  front(need: Need): readonly string[]
}

/** Of a run that is not confined at all: for programs of our own making. */
export const UNCONFINED: Confinement = { kind: 'none', summary: 'not confined', front: () => [] }

/**
 * Tries what there is, with the programs themselves. `tmpDir` exists. Throws AppError `bad-setting` when
 * `bwrap` is demanded and does not work.
 */
export async function makeConfinement(options: {
  readonly setting: SandboxSetting
  /** Absolute paths of ffmpeg and ffprobe. */
  readonly programs: readonly string[]
  readonly tmpDir: string
  /** Where bwrap, prlimit and setpriv are looked for. Not PATH: what is trusted to confine lies where the system's programs do. */
  readonly folders?: readonly string[]
}): Promise<Confinement> {
  const { setting, programs, tmpDir, folders = ['/usr/bin', '/bin', '/usr/local/bin'] } = options
  const find = (program: string) => findIn(folders, program)
  const plain = await writeEnvironment(tmpDir)
  const prlimit = await find('prlimit')
  const limited =
    prlimit !== undefined && (await works([...plain, ...limits(prlimit, 'probe'), 'true'])) === undefined
  const before = (as: Role) => [...plain, ...(limited ? limits(prlimit, as) : [])]
  let refusal = 'SANDBOX is none'
  if (setting !== 'none') {
    const bwrap = await find('bwrap')
    const shown = await visibleFolders(programs)
    const front = ({ as, reads, writes }: Need) => [
      ...before(as),
      bwrap ?? 'bwrap',
      ...walls(shown, reads, writes),
    ]
    const fault = bwrap ? await tryWalls(front, programs, tmpDir) : 'bubblewrap (bwrap) is not installed'
    if (fault === undefined)
      return {
        kind: 'bwrap',
        summary:
          'bubblewrap: decoders and encoders have no network, and of the files only their input and a folder of their own',
        front,
      }
    if (setting === 'bwrap')
      throw new AppError(
        'bad-setting',
        `SANDBOX is bwrap, and that does not work here: ${fault}. Install bubblewrap ("sudo apt-get install bubblewrap") and allow user namespaces, or set SANDBOX=auto.`,
      )
    refusal = fault
  }
  const powerless = await withoutPowers(await find('setpriv'), plain)
  return {
    kind: 'none',
    summary: `no sandbox (${refusal}): decoders and encoders run with ${
      powerless.length > 0 ? 'no privileges' : 'the rights of this process'
    }, a clean environment${limited ? ', and limits on memory and files' : ''}`,
    front: ({ as }) => [...before(as), ...powerless],
  }
}

const KEPT = ['LD_LIBRARY_PATH', 'LIBVA_DRIVER_NAME', 'LIBVA_DRIVERS_PATH', 'CUDA_VISIBLE_DEVICES']

/** Nothing of our environment, which holds passwords, goes on to the child, but where its libraries lie. */
async function writeEnvironment(tmpDir: string): Promise<readonly string[]> {
  const file = path.join(tmpDir, `environment-${process.pid}.sh`)
  const kept = KEPT.map((name) => `\${${name}:+"${name}=$${name}"}`).join(' ')
  await writeFile(
    file,
    `#!/bin/sh\nexec env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ LANG=C.UTF-8 ${kept} "$@"\n`,
  )
  await chmod(file, 0o700)
  return [file]
}

function limits(prlimit: string | undefined, as: Role): readonly string[] {
  if (prlimit === undefined) return []
  const memory = { probe: PROBE_MEMORY_BYTES, scan: PROBE_MEMORY_BYTES, encoder: ENCODER_MEMORY_BYTES }
  return [
    prlimit,
    // Drivers of hardware reserve more addresses than any limit would allow.
    ...(as === 'hardware-encoder' ? [] : [`--as=${memory[as]}`]),
    ...(as === 'probe' ? [`--cpu=${PROBE_CPU_SECONDS}`] : []),
    `--fsize=${MAX_OUTPUT_BYTES}`,
    '--core=0',
    '--',
  ]
}

/** What every program needs, where distributions put it. */
const SYSTEM = ['/usr', '/bin', '/lib', '/lib32', '/lib64', '/nix/store', '/gnu/store']
const LOADER = ['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/alternatives']
/** Of hardware encoders. */
const DEVICES = ['dri', 'nvidia0', 'nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools'].map(
  (name) => `/dev/${name}`,
)

/** Folders of programs that do not lie where the system's do, with libraries beside them. */
async function visibleFolders(programs: readonly string[]): Promise<readonly string[]> {
  const folders = new Set<string>()
  for (const program of programs) {
    for (const file of [program, await realpath(program)]) {
      const folder = path.dirname(file)
      if (SYSTEM.some((root) => folder.startsWith(`${root}/`) || folder === root)) continue
      folders.add(folder)
      folders.add(path.join(path.dirname(folder), 'lib'))
    }
  }
  return [...folders]
}

function walls(
  shown: readonly string[],
  reads: readonly string[],
  writes: readonly string[],
): readonly string[] {
  const readable = [...SYSTEM, ...LOADER, ...shown].flatMap((place) => ['--ro-bind-try', place, place])
  const devices = ['/dev/null', '/dev/zero', '/dev/urandom', ...DEVICES]
  return [
    // In a session of its own it would have a scheduling group of its own (sched(7), autogroups), and whoever is
    // waited for no more of the processors than anybody else. There is no terminal inside to be opened.
    ...['--unshare-all', '--die-with-parent', '--cap-drop', 'ALL'],
    ...readable,
    ...devices.flatMap((device) => ['--dev-bind-try', device, device]),
    ...['--tmpfs', '/tmp'],
    ...writes.flatMap((folder) => ['--bind', folder, folder]),
    // After the folders: an input may lie in one.
    ...reads.flatMap((file) => ['--ro-bind', file, file]),
    ...['--chdir', writes[0] ?? '/'],
    '--',
  ]
}

/** Undefined: they stand. Otherwise why not. */
async function tryWalls(
  front: Confinement['front'],
  programs: readonly string[],
  tmpDir: string,
): Promise<string | undefined> {
  const dir = await mkdtemp(path.join(tmpDir, 'sandbox-'))
  try {
    const input = path.join(dir, 'input')
    await writeFile(input, 'x')
    for (const program of programs) {
      const fault = await works([
        ...front({ as: 'encoder', reads: [input], writes: [dir] }),
        program,
        '-version',
      ])
      if (fault !== undefined) return fault
    }
    // Read what is shown, write where it may, and see nothing else.
    const look = `cat '${input}' && : > output && ! test -e /etc/passwd && ! test -e '${tmpDir}/environment-${process.pid}.sh'`
    return await works([...front({ as: 'encoder', reads: [input], writes: [dir] }), '/bin/sh', '-c', look])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** No new privileges, and of root's none but its name: its files stay readable, and nobody else's. */
async function withoutPowers(
  setpriv: string | undefined,
  plain: readonly string[],
): Promise<readonly string[]> {
  if (!setpriv) return []
  const strict = [setpriv, '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all', '--']
  const mild = [setpriv, '--no-new-privs', '--']
  // Storage that belongs to somebody else is read by root's powers alone: then it keeps them.
  for (const words of process.getuid?.() === 0 ? [strict, mild] : [mild])
    if ((await works([...plain, ...words, 'cat', ...plain])) === undefined) return words
  return []
}

async function works([program = '', ...args]: readonly string[]): Promise<string | undefined> {
  try {
    await run(program, args, { timeout: 20_000 })
    return undefined
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    return (stderr?.trim() || message).split('\n')[0] ?? 'it failed'
  }
}

async function findIn(folders: readonly string[], program: string): Promise<string | undefined> {
  for (const folder of folders) {
    const file = path.join(folder, program)
    try {
      await access(file, constants.X_OK)
      return file
    } catch {
      // Elsewhere, or not at all.
    }
  }
  return undefined
}
