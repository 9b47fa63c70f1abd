/** All rungs of a recording: in chunks, as the workers make them, against one ffmpeg command with the same settings. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type Bench, type BenchContext, inTurn, type Sample } from './bench.ts'
import { runScript } from './server-process.ts'
import { FRAME_RATE } from './sources.ts'

const CPU_TARGET = 1.0
const WALL_TARGET = 0.9

interface Made {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly frames: number
}

export const ladder: Bench = {
  name: 'ladder',
  about: 'the chunked ladder of 1080p; against one ffmpeg command with the same rungs',
  prepare: async ({ sources, sizes }) => void (await sources.ladder(sizes.ladderSeconds)),
  async run(context) {
    const [ours, peer] = await inTurn(
      context,
      () => make(context, 'chunks'),
      () => make(context, 'single'),
    )
    const frames = context.sizes.ladderSeconds * FRAME_RATE
    for (const [who, made] of [
      ['the chunks', ours],
      ['one ffmpeg', peer],
    ] as const)
      if (made.frames !== frames) throw new Error(`${who} made ${made.frames} of ${frames} frames`)
    const label = `ladder of ${context.sizes.ladderSeconds} s of 1080p30`
    const sample = (figure: string, of: (made: Made) => number, atMost: number): Sample => ({
      figure: `${label}: ${figure}`,
      unit: 's',
      ours: of(ours),
      peer: { name: 'one ffmpeg', value: of(peer) },
      target: { of: 'ratio', atMost },
    })
    return [
      sample('wall', ({ wallSeconds }) => wallSeconds, WALL_TARGET),
      sample('CPU', ({ cpuSeconds }) => cpuSeconds, CPU_TARGET),
    ]
  },
}

async function make(
  { sources, sizes, folder, machine }: BenchContext,
  mode: 'chunks' | 'single',
): Promise<Made> {
  const own = path.join(folder, mode)
  await mkdir(own, { recursive: true })
  return runScript<Made>(path.join(import.meta.dirname, 'ladder-process.ts'), [
    await sources.ladder(sizes.ladderSeconds),
    String(sizes.ladderSeconds),
    own,
    mode,
    machine.ffmpegPath,
    machine.ffprobePath,
  ])
}
