/**
 * The executable that fluent-ffmpeg starts: a script that becomes ffmpeg, behind what confines it. Where the
 * walls depend on the run (bubblewrap shows its input and its folder alone) each run has a script of its own.
 */
import { chmod, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { FfmpegCommand } from './command.ts'
import type { FfmpegTools } from './tools.ts'

export interface Launcher extends AsyncDisposable {
  readonly path: string
  /** Where the run begins: a folder of its own, so that a relative name leads nowhere else. */
  readonly cwd: string | undefined
}

let runs = 0

export async function openLauncher(tools: FfmpegTools, command: FfmpegCommand): Promise<Launcher> {
  const writes = [
    ...new Set(
      command.outputs
        .map(({ path: file }) => file)
        .filter(path.isAbsolute)
        .map(path.dirname),
    ),
  ]
  const cwd = writes[0]
  if (tools.confinement.kind === 'none')
    return { path: tools.launcherPath, cwd, [Symbol.asyncDispose]: async () => undefined }
  const reads = command.inputs.map(({ url }) => url).filter((url) => url.startsWith('file:/'))
  const front = tools.confinement.front({
    as: usesHardware(command) ? 'hardware-encoder' : 'encoder',
    reads: reads.map((url) => url.slice('file:'.length)),
    writes,
  })
  const script = path.join(path.dirname(tools.launcherPath), `ffmpeg-${process.pid}-${++runs}.sh`)
  await writeLauncher(script, tools.leash, [...front, tools.ffmpegPath])
  return { path: script, cwd, [Symbol.asyncDispose]: () => rm(script, { force: true }) }
}

/**
 * ffmpeg outlives a killed worker and keeps writing, unless the kernel ends it with its parent. A parent that
 * died before that was asked for is nobody's any more: then nothing is begun.
 */
export async function writeLauncher(
  file: string,
  leash: readonly string[],
  program: readonly string[],
): Promise<void> {
  const begin = `exec ${program.map(quote).join(' ')} "$@"`
  const checked = `[ "$PPID" = ${process.pid} ] || exit 1; ${begin}`
  const text =
    leash.length === 0 ? begin : `exec ${leash.map(quote).join(' ')} /bin/sh -c ${quote(checked)} ffmpeg "$@"`
  await writeFile(file, `#!/bin/sh\n${text}\n`)
  await chmod(file, 0o700)
}

function usesHardware({ outputs }: FfmpegCommand): boolean {
  return outputs.some(({ options }) =>
    options.some((word) => /_(nvenc|vaapi|qsv|videotoolbox|amf)$/.test(word)),
  )
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
