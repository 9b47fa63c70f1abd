/** A disk on which every sync takes its time, several broadcasts on it, and kill -9: what was received is there. */
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { makeBroadcastSource } from '../support/ffmpeg.ts'
import { PacedEncoder } from '../support/kills/paced-encoder.ts'
import { lostMs, sessionsOf } from '../support/kills/recorded-sessions.ts'
import { messagesOf } from '../support/packaged-video.ts'
import { until } from '../support/program.ts'
import { requireProgram, runProgram } from '../support/required-program.ts'

const ENCODERS = 12
const KILLS = 3
const SYNC_MS = 300
/** The promise. */
const RECOVERY_POINT_MS = 200
/** Ingest, recorder and packaging, whose syncs are as slow. */
const INGEST = fileURLToPath(new URL('../bench/ingest-process.ts', import.meta.url))

it('kill -9 loses at most 0.2 s while the threads of the process wait for slow syncs', async () => {
  requireProgram('strace')
  const folder = await mkdtemp(path.join(tmpdir(), 'reprise-slow-'))
  try {
    const source = path.join(folder, 'source.flv')
    await makeBroadcastSource(source, { seconds: 10, size: '426x240' })
    const messages = await messagesOf(source)
    const lost: number[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      const storage = path.join(folder, `${kill}`)
      const traced = runProgram(
        'strace',
        ...['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'],
        ...['-e', `inject=fsync,fdatasync:delay_exit=${SYNC_MS * 1000}`],
        ...[process.execPath, INGEST, storage, 'packaging'],
      )
      const said = async () => /"rtmpPort":(\d+)/.exec(traced.output())?.[1]
      const port = Number(await until(said, (found) => found !== undefined))
      const names = Array.from({ length: ENCODERS }, (_, index) => `s${index}`)
      const encoders = await Promise.all(names.map((name) => PacedEncoder.start(port, name, { messages })))
      const seconds = 3 + 3 * Math.random()
      await until(
        async () => encoders[0]?.sent.at(-1)?.atMs ?? 0,
        (at) => at - (encoders[0]?.sent[0]?.atMs ?? 0) > seconds * 1000,
      )
      const { pid } = traced.child
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
      const exited = once(traced.child, 'exit')
      const killedMs = performance.now()
      process.kill(Number.parseInt(children, 10), 'SIGKILL')
      for (const encoder of encoders) encoder.drop()
      await exited
      for (const [index, name] of names.entries()) {
        const recorded = (await sessionsOf(storage, name)).flatMap(({ frames }) => frames)
        lost.push(lostMs(encoders[index]?.sent ?? [], recorded, killedMs))
      }
    }
    console.log(`${lost.length} recordings lost at most ${Math.round(Math.max(...lost))} ms`)
    expect(Math.max(...lost)).toBeLessThanOrEqual(RECOVERY_POINT_MS)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 300_000)
