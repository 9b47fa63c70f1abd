/** What a decoder can see and do: tried with programs that look around instead of decoding. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Confinement, makeConfinement } from '../../../src/pipeline/ffmpeg/confinement.ts'
import { runFfmpeg } from '../../../src/pipeline/ffmpeg/run-ffmpeg.ts'
import { runFfprobe } from '../../../src/pipeline/ffmpeg/run-ffprobe.ts'
import { type FfmpegTools, prepareFfmpeg } from '../../../src/pipeline/ffmpeg/tools.ts'
import { makeVideo } from '../../support/media.ts'

let folder: string
let tools: FfmpegTools
const at = (name: string) => path.join(folder, name)
const rest = new AbortController().signal
const PROGRAMS = { ffmpegPath: '/usr/bin/ffmpeg', ffprobePath: '/usr/bin/ffprobe' }

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-sandbox-'))
  await mkdir(at('tmp'))
  await writeFile(at('canary'), 'nobody reads this')
  tools = await prepareFfmpeg({ ...PROGRAMS, tmpDir: at('tmp'), sandbox: 'auto' })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A probe that runs a script instead of ffprobe; `$input` is the file. */
async function lookAround(script: string, confined: Pick<FfmpegTools, 'leash' | 'confinement'> = tools) {
  await mkdir(at('bin'), { recursive: true })
  const program = at('bin/looker')
  await writeFile(program, `#!/bin/sh\nfor input in "$@"; do :; done; input="\${input#file:}"\n${script}\n`)
  await chmod(program, 0o755)
  const confinement: Confinement = {
    ...confined.confinement,
    front: (need) => {
      const front = confined.confinement.front({ ...need, reads: [...need.reads, program] })
      return front
    },
  }
  await writeFile(at('input.mp4'), 'the input')
  return runFfprobe({ leash: confined.leash, confinement, ffprobePath: program }, at('input.mp4'), [], rest)
}

/** Folders with programs that stand for the system's. */
async function folderWith(programs: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(path.join(folder, 'programs-'))
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(path.join(dir, name), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(dir, name), 0o755)
  }
  return dir
}

describe('a decoder', () => {
  it('sees nothing of our environment', async () => {
    process.env.REPRISE_TEST_SECRET = 'hunter2'
    const { stdout } = await lookAround('env; cat "$input"')
    delete process.env.REPRISE_TEST_SECRET
    expect(stdout).toContain('the input')
    expect(stdout).toMatch(/^PATH=\/usr\/local\/bin:\/usr\/bin:\/bin$/m)
    expect(stdout).not.toContain('hunter2')
    expect(
      stdout.match(/^[A-Z_]+=/gm)?.filter((name) => !/^(PATH|HOME|LANG|PWD|OLDPWD|SHLVL|_)=/.test(name)),
    ).toEqual([])
  })

  it('has no files open but those it was given', async () => {
    const { stdout } = await lookAround(
      'for n in 3 4 5 6 7 8 9; do (eval ": <&$n") 2>/dev/null && echo "open $n"; done; echo done',
    )
    expect(stdout).toBe('done\n')
  })

  it('may use only so much memory and write only so large a file', async () => {
    const { stdout } = await lookAround('ulimit -v; ulimit -f; ulimit -c; ulimit -t')
    expect(stdout.trim().split('\n')).toEqual([`${3 * 2 ** 20}`, `${2 ** 21}`, '0', '60'])
  })

  it('sees of the files its input alone, and can change nothing, where there are walls', async () => {
    const { stdout } = await lookAround(
      `cat '${at('canary')}' /etc/passwd 2>&1; echo x >> "$input"; echo x > /usr/x; echo x > '${at('canary')}'; cat "$input"; exit 0`,
    )
    const walls = tools.confinement.kind === 'bwrap'
    expect(stdout.includes('nobody reads this')).toBe(!walls)
    if (walls) {
      expect(await readFile(at('input.mp4'), 'utf8')).toBe('the input')
      expect(await readFile(at('canary'), 'utf8')).toBe('nobody reads this')
      expect(stdout).not.toContain('root:')
    }
    await writeFile(at('canary'), 'nobody reads this')
    await rm('/usr/x', { force: true })
  })

  it('reaches no address, where there are walls', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret`
    // Without allow-lists: as if a decoder had been taken over.
    await lookAround(`/usr/bin/ffprobe -v error '${url}' 2>&1; exit 0`)
    expect(asked.length > 0).toBe(tools.confinement.kind === 'none')
    server.close()
  })

  it('does its work inside', async () => {
    const file = await makeVideo(at('real.mp4'), { seconds: 1, size: '64x36' }, '-an')
    await mkdir(at('out'))
    await runFfmpeg(
      tools,
      {
        inputs: [{ url: `file:${file}`, options: [] }],
        outputs: [{ path: at('out/made.mp4'), options: ['-c:v', 'libx264', '-t', '1'] }],
      },
      { signal: rest },
    )
    const { stdout } = await runFfprobe(
      tools,
      at('out/made.mp4'),
      ['-show_entries', 'stream=codec_name', '-of', 'csv=p=0'],
      rest,
    )
    expect(stdout.trim()).toBe('h264')
  })

  it('leaves no launcher behind', async () => {
    const { readdir } = await import('node:fs/promises')
    expect((await readdir(at('tmp'))).filter((name) => !/^(environment|ffmpeg)-\d+\.sh$/.test(name))).toEqual(
      [],
    )
  })
})

describe('the setting', () => {
  const make = (setting: 'auto' | 'bwrap' | 'none', folders: readonly string[]) =>
    makeConfinement({ setting, folders, programs: Object.values(PROGRAMS), tmpDir: at('tmp') })

  it('bwrap fails at start, in words, where bubblewrap is missing or not allowed', async () => {
    await expect(make('bwrap', [await folderWith({})])).rejects.toMatchObject({
      code: 'bad-setting',
      message: expect.stringMatching(/SANDBOX is bwrap.*not installed.*apt-get install bubblewrap/),
    })
    const refused = await folderWith({
      bwrap: 'echo "bwrap: No permissions to create new namespace" >&2; exit 1',
    })
    await expect(make('bwrap', [refused])).rejects.toMatchObject({
      message: expect.stringContaining('No permissions to create new namespace'),
    })
  })

  it('auto does without where that is so, and says so', async () => {
    const refused = await folderWith({
      bwrap: 'echo "bwrap: No permissions to create new namespace" >&2; exit 1',
    })
    expect(await make('auto', [refused, '/usr/bin'])).toMatchObject({
      kind: 'none',
      summary: expect.stringMatching(
        /^no sandbox \(bwrap: No permissions.*no privileges, a clean environment, and limits/,
      ),
    })
    expect(await make('auto', [await folderWith({})])).toMatchObject({
      kind: 'none',
      summary: expect.stringMatching(/not installed.*the rights of this process, a clean environment$/),
    })
  })

  it('bwrap does not believe walls that let everything through', async () => {
    const open = await folderWith({
      bwrap: 'while [ "$1" != -- ]; do [ "$1" = --chdir ] && cd "$2"; shift; done; shift; exec "$@"',
    })
    expect(await make('auto', [open])).toMatchObject({ kind: 'none' })
  })

  it('none takes the rights away all the same', async () => {
    const confinement = await make('none', ['/usr/bin', '/bin'])
    expect(confinement).toMatchObject({ kind: 'none', summary: expect.stringContaining('SANDBOX is none') })
    const { stdout } = await lookAround('grep -E "NoNewPrivs|CapEff|CapBnd" /proc/self/status', {
      leash: tools.leash,
      confinement,
    })
    expect(stdout).toMatch(/NoNewPrivs:\s+1/)
    expect(stdout).toMatch(/CapEff:\s+0000000000000000/)
  })
})
