/**
 * What a publisher costs at its own pace. Reprise and nginx-rtmp run at the same time and are sent the
 * same bytes by the same timer, so that whatever else the machine does disturbs both alike.
 */
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { BenchContext, Sample } from './bench.ts'
import { type NginxServer, startNginxRtmp } from './peers/nginx.ts'
import { measureCpu, memoryMib } from './process-usage.ts'
import { startRepriseIngest } from './reprise-ingest.ts'
import { openPublishers, type Publisher, pushPaced } from './rtmp/publisher.ts'
import { makePushedStream } from './rtmp/pushed-stream.ts'
import { expectComplete } from './rtmp/recorded.ts'
import { GOP_SECONDS } from './sources.ts'

/** Beyond this the pusher was starved: what it pushed came in bursts. */
const MAX_LATENESS_MS = 250
/** From so many on the targets hold. */
const MANY_PUBLISHERS = 50
const MIB_FOR_A_PUBLISHER = 1
const MIB_IDLE = 120

export interface PacedCase {
  readonly mode: 'recording' | 'packaging'
  readonly publishers: number
  /** Of the ratio of processor time. */
  readonly target: number
}

export async function measurePaced(context: BenchContext, paced: PacedCase): Promise<readonly Sample[]> {
  const { sizes, sources, folder } = context
  const { mode, publishers: count } = paced
  const stream = await makePushedStream(
    await sources.broadcast(),
    sizes.warmupSeconds + sizes.seconds + GOP_SECONDS / 2,
  )
  const own = path.join(folder, `reprise-${mode}-${count}`)
  await using reprise = await startRepriseIngest(own, mode)
  const started = await startNginxRtmp(path.join(folder, `nginx-${mode}-${count}`), {
    hls: mode === 'packaging',
  })
  await using nginx: NginxServer | undefined = 'missing' in started ? undefined : started
  if ('missing' in started) context.note(started.missing)
  const idleMib = memoryMib(reprise.pids)

  const ports = [reprise.rtmpPort, ...(nginx ? [nginx.port] : [])]
  const groups = await openPublishers(ports, count)
  const all: Publisher[] = groups.flat()
  try {
    // Neighbours in the list begin close to each other: they are given to the servers in turn.
    const inTurn = all.map((_, i) => groups[i % groups.length]?.[Math.floor(i / groups.length)] as Publisher)
    const pushing = pushPaced(inTurn, stream, Math.min(GOP_SECONDS, sizes.warmupSeconds / 2) * 1000)
    // Whoever awaits it below hears of a failure.
    pushing.catch(() => undefined)
    await delay(sizes.warmupSeconds * 1000)
    const oursUsed = measureCpu(reprise.pids)
    const peerUsed = nginx && measureCpu(nginx.pids)
    await Promise.race([delay(sizes.seconds * 1000), pushing])
    const [ours, peer] = [oursUsed(), peerUsed?.()]
    const [oursMib, peerMib] = [memoryMib(reprise.pids), nginx && memoryMib(nginx.pids)]
    const { worstLatenessMs } = await pushing
    if (worstLatenessMs > MAX_LATENESS_MS)
      context.note(`The pusher was up to ${Math.round(worstLatenessMs)} ms late: the machine was too busy.`)
    await Promise.all(all.map((publisher) => publisher.end()))
    await checkRecordings(count, reprise, nginx, stream.media)

    const perMinute = (used: { cpuSeconds: number; elapsedSeconds: number }) =>
      used.cpuSeconds / ((count * used.elapsedSeconds) / 60)
    const label = `${count} publishers, ${mode === 'packaging' ? 'recording and HLS' : 'recording'}`
    const beside = (value: number | undefined) =>
      nginx && value !== undefined ? { peer: { name: nginx.name, value } } : {}
    return [
      {
        figure: `${label}: CPU`,
        unit: 's/stream-minute',
        ours: perMinute(ours),
        ...beside(peer && perMinute(peer)),
        // Of few publishers most of the cost is the program's own.
        ...(count >= MANY_PUBLISHERS && { target: { of: 'ratio', atMost: paced.target } }),
      },
      { figure: `${label}: memory`, unit: 'MiB', ours: oursMib, ...beside(peerMib) },
      {
        figure: `${label}: memory for each`,
        unit: 'MiB',
        ours: (oursMib - idleMib) / count,
        ...(count >= MANY_PUBLISHERS && { target: { of: 'ours', atMost: MIB_FOR_A_PUBLISHER } }),
      },
      {
        figure: `${mode}: memory before the first publisher`,
        unit: 'MiB',
        ours: idleMib,
        target: { of: 'ours', atMost: MIB_IDLE },
      },
    ]
  } finally {
    for (const publisher of all) publisher.destroy()
  }
}

async function checkRecordings(
  count: number,
  reprise: { recording(name: string): string },
  nginx: NginxServer | undefined,
  pushed: { messages: number; bytes: number },
): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `s${i}`)
  await expectComplete('Reprise', names.map(reprise.recording), pushed)
  if (!nginx) return
  const files = names.map((name) => path.join(nginx.recordings, `${name}.flv`))
  await expectComplete(nginx.name, files, pushed)
}
