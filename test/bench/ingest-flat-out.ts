/** As much as the server takes, recorded: processor time for each GB. One server after the other, since each takes a core. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type Bench, type BenchContext, inTurn, type Sample } from './bench.ts'
import { startNginxRtmp } from './peers/nginx.ts'
import { measureCpu } from './process-usage.ts'
import { startRepriseIngest } from './reprise-ingest.ts'
import { openPublishers } from './rtmp/publisher.ts'
import { type MediaCount, makePushedStream, type PushedStream, shiftStream } from './rtmp/pushed-stream.ts'
import { expectComplete } from './rtmp/recorded.ts'
import { BROADCAST_LOOP_SECONDS } from './sources.ts'

const PUBLISHERS = 4
const TARGET_RATIO = 0.6
/** Written at once; a server that reads slowly is waited for. */
const SLICE_BYTES = 256 * 1024

interface FlatOut {
  readonly cpuPerGb: number
  readonly megabytesPerSecond: number
}

interface Server {
  readonly name: string
  readonly pids: readonly number[]
  readonly port: number
  recording(name: string): string
}

export const ingestFlatOut: Bench = {
  name: 'ingest-flat-out',
  about: 'CPU for each GB pushed as fast as it is taken, recording; against nginx-rtmp',
  prepare: async ({ sources }) => void (await sources.broadcast()),
  async run(context) {
    const stream = await makePushedStream(await context.sources.broadcast(), BROADCAST_LOOP_SECONDS)
    const [ours, peer] = await inTurn(
      context,
      () => oursFlatOut(context, stream),
      () => nginxFlatOut(context, stream),
    )
    const sample = (figure: string, unit: string, of: (result: FlatOut) => number): Sample => ({
      figure,
      unit,
      ours: of(ours),
      ...(peer && { peer: { name: 'nginx-rtmp', value: of(peer) } }),
    })
    return [
      {
        ...sample('flat out, recording: CPU', 's/GB', ({ cpuPerGb }) => cpuPerGb),
        target: { of: 'ratio', atMost: TARGET_RATIO },
      },
      sample('flat out, recording: throughput', 'MB/s', ({ megabytesPerSecond }) => megabytesPerSecond),
    ]
  },
}

async function oursFlatOut(context: BenchContext, stream: PushedStream): Promise<FlatOut> {
  const folder = path.join(context.folder, 'reprise')
  await using reprise = await startRepriseIngest(folder, 'recording')
  const { pids, rtmpPort: port, recording } = reprise
  const result = await pushFlatOut(context, { name: 'Reprise', pids, port, recording }, stream)
  await rm(folder, { recursive: true })
  return result
}

async function nginxFlatOut(context: BenchContext, stream: PushedStream): Promise<FlatOut | undefined> {
  const folder = path.join(context.folder, 'nginx')
  const started = await startNginxRtmp(folder, { hls: false })
  if ('missing' in started) {
    context.note(started.missing)
    return undefined
  }
  await using nginx = started
  const { name, pids, port, recordings } = nginx
  const recording = (stream: string) => path.join(recordings, `${stream}.flv`)
  const result = await pushFlatOut(context, { name, pids, port, recording }, stream)
  await rm(folder, { recursive: true })
  return result
}

async function pushFlatOut({ sizes }: BenchContext, server: Server, stream: PushedStream): Promise<FlatOut> {
  const [publishers = []] = await openPublishers([server.port], PUBLISHERS)
  const rounds = Math.max(1, Math.ceil((sizes.flatOutGigabytes * 1e9) / PUBLISHERS / stream.bytes.byteLength))
  const used = measureCpu(server.pids)
  await Promise.all(
    publishers.map(async (publisher) => {
      for (let round = 0; round < rounds; round += 1) {
        const bytes = shiftStream(stream, round * stream.seconds * 1000)
        for (let at = 0; at < bytes.byteLength; at += SLICE_BYTES)
          await publisher.writeWaiting(bytes.subarray(at, at + SLICE_BYTES))
      }
      await publisher.end()
    }),
  )
  const { cpuSeconds, elapsedSeconds } = used()
  // Decoder configurations come again with each round and are not counted.
  const pushed: MediaCount = {
    messages: stream.media.messages * rounds,
    bytes: stream.media.bytes * rounds,
  }
  const names = publishers.map((_, i) => `s${i}`)
  await expectComplete(server.name, names.map(server.recording), pushed)
  const gigabytes = (pushed.bytes * PUBLISHERS) / 1e9
  return { cpuPerGb: cpuSeconds / gigabytes, megabytesPerSecond: (gigabytes * 1000) / elapsedSeconds }
}
