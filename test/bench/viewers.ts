/**
 * What a viewer of a live stream costs, and how long until it sees something. Of each server the same
 * stream with viewers, then without: the difference is theirs. Joins are spread over a group of
 * pictures, so that most of them come in the middle of one.
 */
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Bench, type BenchContext, inTurn, type Sample } from './bench.ts'
import { startNodeMediaServer } from './peers/node-media-server.ts'
import { measureCpu, memoryMib, type Usage } from './process-usage.ts'
import { spreadOf } from './report.ts'
import { startRepriseIngest } from './reprise-ingest.ts'
import { Publisher, pushPaced } from './rtmp/publisher.ts'
import { makePushedStream, type PushedStream } from './rtmp/pushed-stream.ts'
import { joinHttpFlv, joinRtmp, type Viewer } from './rtmp/viewer.ts'
import { GOP_SECONDS } from './sources.ts'

const CPU_TARGET = 0.5
const JOINING_TARGET_MS = 50
const VIEWER_TARGET_KIB = 64
/** Of what was pushed meanwhile; the rest may be on its way. */
const LEAST_RECEIVED = 0.8
const STREAM = 's0'
const PROTOCOLS = ['RTMP', 'HTTP-FLV'] as const

interface Crowd {
  readonly protocol: (typeof PROTOCOLS)[number]
  readonly viewers: number
}

interface Watched {
  readonly pids: readonly number[]
  readonly rtmpPort: number
  readonly httpPort: number
}

interface Cost {
  readonly crowd: Crowd
  readonly cpuPerViewerMinute: number
  readonly joiningMs: number
  readonly kibForEach: number
}

export const viewers: Bench = {
  name: 'viewers',
  about: 'CPU, memory and joining time of viewers over RTMP and HTTP-FLV; against node-media-server',
  prepare: async ({ sources }) => void (await sources.broadcast()),
  async run(context) {
    const { sizes } = context
    const crowds = crowdsOf(sizes.viewers)
    // Joining takes as long as it takes.
    const seconds = 2 + sizes.viewerSeconds + crowds.length * (4 * GOP_SECONDS + sizes.viewerSeconds)
    const stream = await makePushedStream(await context.sources.broadcast(), seconds)
    const [ours, peer] = await inTurn(
      context,
      () => measureOurs(context, stream),
      () => measurePeer(context, stream),
    )
    return ours.flatMap((cost, i): Sample[] => {
      const label = `${cost.crowd.viewers} viewers, ${cost.crowd.protocol}`
      const other = peer?.[i]
      const beside = (of: (cost: Cost) => number) =>
        other ? { peer: { name: 'node-media-server', value: of(other) } } : {}
      return [
        {
          figure: `${label}: CPU`,
          unit: 's/viewer-minute',
          ours: cost.cpuPerViewerMinute,
          ...beside((its) => its.cpuPerViewerMinute),
          target: { of: 'ratio', atMost: CPU_TARGET },
        },
        {
          figure: `${label}: joining, median`,
          unit: 'ms',
          ours: cost.joiningMs,
          ...beside((its) => its.joiningMs),
          target: { of: 'ours', atMost: JOINING_TARGET_MS },
        },
        {
          figure: `${label}: memory for each`,
          unit: 'KiB',
          ours: cost.kibForEach,
          ...beside((its) => its.kibForEach),
          target: { of: 'ours', atMost: VIEWER_TARGET_KIB },
        },
      ]
    })
  },
}

async function measureOurs(context: BenchContext, stream: PushedStream): Promise<Cost[]> {
  const reprise = await startRepriseIngest(path.join(context.folder, 'reprise'), 'recording')
  return measureAndStop(context, stream, reprise)
}

async function measurePeer(context: BenchContext, stream: PushedStream): Promise<Cost[] | undefined> {
  const { folder, sizes, note } = context
  const started = await startNodeMediaServer(path.join(folder, 'peer'), sizes.nodeMediaServer)
  if (!('missing' in started)) return measureAndStop(context, stream, started)
  note(started.missing)
  return undefined
}

async function measureAndStop(
  context: BenchContext,
  stream: PushedStream,
  server: Watched & AsyncDisposable,
): Promise<Cost[]> {
  await using watched = server
  const publisher = await Publisher.open(watched.rtmpPort, STREAM)
  try {
    const pushing = pushPaced([publisher], stream, 0)
    const failed = pushing.then(() => {
      throw new Error('the stream was over before its viewers had been measured')
    })
    // Raced against below; it always fails in the end.
    failed.catch(() => undefined)
    return await Promise.race([failed, measureProtocols(context, watched, stream)])
  } finally {
    publisher.destroy()
  }
}

async function measureProtocols(
  { sizes }: BenchContext,
  server: Watched,
  stream: PushedStream,
): Promise<Cost[]> {
  const measured: { crowd: Crowd; usage: Usage; joiningMs: number; kibForEach: number }[] = []
  for (const crowd of crowdsOf(sizes.viewers)) {
    const { protocol, viewers } = crowd
    const memoryBefore = memoryMib(server.pids)
    const joined: Viewer[] = []
    try {
      const joining = Array.from({ length: viewers }, async (_, i) => {
        await delay((i * GOP_SECONDS * 1000) / viewers)
        const join = protocol === 'RTMP' ? joinRtmp : joinHttpFlv
        const viewer = await join(protocol === 'RTMP' ? server.rtmpPort : server.httpPort, STREAM)
        joined.push(viewer)
      })
      await Promise.all(joining)
      const receivedBefore = joined.map((viewer) => viewer.bytes())
      const used = measureCpu(server.pids)
      await delay(sizes.viewerSeconds * 1000)
      const usage = used()
      const memoryAfter = memoryMib(server.pids)
      const pushed = (stream.media.bytes / stream.seconds) * usage.elapsedSeconds
      for (const [i, viewer] of joined.entries())
        if (viewer.bytes() - (receivedBefore[i] ?? 0) < LEAST_RECEIVED * pushed)
          throw new Error(`a viewer over ${protocol} did not get the whole stream`)
      measured.push({
        crowd,
        usage,
        joiningMs: spreadOf(joined.map(({ joiningMs }) => joiningMs)).median,
        kibForEach: ((memoryAfter - memoryBefore) * 1024) / viewers,
      })
    } finally {
      for (const viewer of joined) viewer.leave()
    }
  }
  // Last, when everything is compiled: before, the program's own start would be taken for the publisher's cost.
  await delay(500)
  const usedAlone = measureCpu(server.pids)
  await delay(sizes.viewerSeconds * 1000)
  const alone = usedAlone()
  return measured.map(({ usage, ...rest }) => {
    const own = usage.cpuSeconds - alone.cpuSeconds * (usage.elapsedSeconds / alone.elapsedSeconds)
    return { ...rest, cpuPerViewerMinute: own / ((rest.crowd.viewers * usage.elapsedSeconds) / 60) }
  })
}

/** The smaller first: what the program itself grows by at its first viewers is then in their figure, not in that of many. */
function crowdsOf(counts: readonly number[]): Crowd[] {
  return counts.flatMap((viewers) => PROTOCOLS.map((protocol) => ({ protocol, viewers })))
}
