/**
 * Segments of 2 MiB to 16 connections: the whole program's media route beside nginx with sendfile, from
 * the same files. Hot: fewer than our memory holds. Cold: more, so that we read each from its file
 * (which the kernel has in memory, for nginx too).
 */
import { randomFillSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { VideoId } from '../../src/kernel/ids.ts'
import { mediaKeys, ORIGINAL } from '../../src/media/layout.ts'
import { startProgram } from '../support/program.ts'
import { type Bench, type BenchContext, inTurn, type Sample } from './bench.ts'
import { startNginxFiles } from './peers/nginx.ts'
import { measureCpu } from './process-usage.ts'
import { untilReady, uploadFile } from './program-uploads.ts'
import { readFor } from './segment-reader.ts'

const SEGMENT_BYTES = 2 * 1024 * 1024
const CONNECTIONS = 16
/** Numbers that the video itself does not have. */
const FIRST_NUMBER = 1000
const HOT_TARGET = 1.0
const COLD_TARGET = 0.8
const READY_MS = 60_000

interface Sent {
  readonly gigabytesPerSecond: number
  readonly cpuPerGb: number
}

interface Server {
  readonly pids: readonly number[]
  readonly port: number
  pathOf(number: number): string
}

export const segments: Bench = {
  name: 'segments',
  about: 'throughput and CPU of sending segments; against nginx with sendfile',
  prepare: async ({ sources }) => void (await sources.tiny()),
  async run(context) {
    const { sizes, sources, folder } = context
    await using program = await startProgram({ env: { LOG_LEVEL: 'error' } })
    const { video: uploaded } = await uploadFile(program, await sources.tiny())
    const video = await untilReady(program, uploaded.id, READY_MS)
    const mediaDir = path.join(program.storageDir, 'media')
    const master = new URL(video.playback.hls ?? '', program.site).pathname
    const key = (number: number) => mediaKeys.segment(video.id as VideoId, ORIGINAL, number)
    const count = Math.max(sizes.hotSegments, sizes.coldSegments)
    for (let i = 0; i < count; i += 1)
      await writeFile(path.join(mediaDir, key(FIRST_NUMBER + i)), randomFillSync(Buffer.alloc(SEGMENT_BYTES)))

    const ours: Server = {
      pids: [program.child.pid ?? 0],
      port: program.port,
      pathOf: (number) => path.posix.join(path.posix.dirname(master), ORIGINAL, `${number}.m4s`),
    }
    const started = await startNginxFiles(path.join(folder, 'nginx'), mediaDir)
    if ('missing' in started) context.note(started.missing)
    await using nginx = 'missing' in started ? undefined : started
    const peer: Server | undefined = nginx && { ...nginx, pathOf: (number) => `/${key(number)}` }
    for (const server of [ours, ...(peer ? [peer] : [])])
      await expectSame(server, await readFile(path.join(mediaDir, key(FIRST_NUMBER))))

    const samples: Sample[] = []
    for (const [label, segmentCount, target] of [
      ['hot', sizes.hotSegments, HOT_TARGET],
      ['cold', sizes.coldSegments, COLD_TARGET],
    ] as const) {
      const [oursSent, peerSent] = await inTurn(
        context,
        () => measure(context, ours, segmentCount),
        async () => peer && (await measure(context, peer, segmentCount)),
      )
      const sample = (figure: string, unit: string, of: (sent: Sent) => number): Sample => ({
        figure: `${label} segments: ${figure}`,
        unit,
        ours: of(oursSent),
        ...(peerSent && nginx && { peer: { name: nginx.name, value: of(peerSent) } }),
      })
      samples.push(
        {
          ...sample('throughput', 'GB/s', ({ gigabytesPerSecond }) => gigabytesPerSecond),
          target: { of: 'ratio', atLeast: target },
        },
        sample('CPU', 's/GB', ({ cpuPerGb }) => cpuPerGb),
      )
    }
    return samples
  },
}

async function measure({ sizes }: BenchContext, server: Server, count: number): Promise<Sent> {
  const paths = Array.from({ length: count }, (_, i) => server.pathOf(FIRST_NUMBER + i))
  const options = { connections: CONNECTIONS, fileBytes: SEGMENT_BYTES }
  // Once beforehand: compiled, connected, and the hot ones in memory.
  await readFor(sizes.segmentSeconds / 4, server.port, paths, options)
  const used = measureCpu(server.pids)
  const { bytes, seconds } = await readFor(sizes.segmentSeconds, server.port, paths, options)
  const gigabytes = bytes / 1e9
  return { gigabytesPerSecond: gigabytes / seconds, cpuPerGb: used().cpuSeconds / gigabytes }
}

async function expectSame(server: Server, expected: Buffer): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${server.port}${server.pathOf(FIRST_NUMBER)}`)
  if (!expected.equals(Buffer.from(await response.arrayBuffer())))
    throw new Error(`${server.pathOf(FIRST_NUMBER)} is not what is in the file (${response.status})`)
}
