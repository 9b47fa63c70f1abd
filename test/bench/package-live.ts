/**
 * What packaging a live stream costs: ours is what the ingest process uses with packaging on less what another
 * uses without, beside `ffmpeg -c copy -f hls` of the same streams. All are fed the same pictures and sounds at
 * the same pace, and whatever else the machine does disturbs all alike.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseTimeline, type Timeline } from '../../src/packaging/timeline.ts'
import type { Bench, BenchContext, Sample } from './bench.ts'
import { startFfmpegHls } from './peers/ffmpeg-hls.ts'
import { measureCpu, type Usage } from './process-usage.ts'
import { startRepriseIngest } from './reprise-ingest.ts'
import { openPublishers, pushPaced } from './rtmp/publisher.ts'
import { makePushedStream } from './rtmp/pushed-stream.ts'
import { FRAME_RATE, GOP_SECONDS } from './sources.ts'

const TARGET = 0.5
/** A process of ffmpeg for each. */
const STREAMS = 10
/** Durations are rounded, and the last picture's is a guess. Seconds. */
const DURATION_TOLERANCE = 0.25
const SETTLE_MS = 10_000

export const packageLive: Bench = {
  name: 'package-live',
  about: 'CPU of packaging a live stream, recording taken off; against ffmpeg -c copy -f hls',
  prepare: async ({ sources }) => void (await sources.broadcast()),
  run: (context) => measurePackaging(context),
}

async function measurePackaging({ sizes, sources, folder, machine, note }: BenchContext): Promise<Sample[]> {
  const seconds = sizes.warmupSeconds + sizes.seconds + GOP_SECONDS / 2
  const source = await sources.broadcast()
  const [chunked, flv] = [
    await makePushedStream(source, seconds),
    await makePushedStream(source, seconds, 'flv'),
  ]
  const packagingFolder = path.join(folder, 'packaging')
  await using stack = new AsyncDisposableStack()
  const packaging = stack.use(await startRepriseIngest(packagingFolder, 'packaging'))
  const recording = stack.use(await startRepriseIngest(path.join(folder, 'recording'), 'recording'))
  const publishers = (await openPublishers([packaging.rtmpPort, recording.rtmpPort], STREAMS)).flat()
  stack.defer(() => {
    for (const publisher of publishers) publisher.destroy()
  })
  const peers = await Promise.all(
    Array.from({ length: STREAMS }, (_, i) =>
      startFfmpegHls(machine.ffmpegPath, path.join(folder, `ffmpeg-${i}`), GOP_SECONDS),
    ),
  )
  for (const peer of peers) stack.use(peer)

  const staggerMs = Math.min(GOP_SECONDS, sizes.warmupSeconds / 2) * 1000
  const pushing = Promise.all([pushPaced(publishers, chunked, staggerMs), pushPaced(peers, flv, staggerMs)])
  // Whoever awaits it below hears of a failure.
  pushing.catch(() => undefined)
  await delay(sizes.warmupSeconds * 1000)
  const used = [packaging.pids, recording.pids, peers.map(({ pid }) => pid)].map(measureCpu)
  await Promise.race([delay(sizes.seconds * 1000), pushing])
  const [both, alone, theirs] = used.map((measured) => perStreamMinute(measured()))
  if (both === undefined || alone === undefined || theirs === undefined)
    throw new Error('nothing was measured')
  await pushing
  await Promise.all(publishers.map((publisher) => publisher.end()))
  const pictures = Math.round(seconds * FRAME_RATE)
  for (let i = 0; i < STREAMS; i += 1)
    await expectPackaged(path.join(packagingFolder, 'media', `s${i}`, 'timeline.jsonl'), seconds, pictures)
  for (const [i, found] of (await Promise.all(peers.map((peer) => peer.end()))).entries())
    expectSeconds(`ffmpeg ${i}`, found, seconds)
  note('Ours is the difference of two processes: with packaging, and recording only.')
  return [
    {
      figure: `${STREAMS} streams, packaging: CPU`,
      unit: 's/stream-minute',
      ours: both - alone,
      peer: { name: 'ffmpeg -c copy', value: theirs },
      target: { of: 'ratio', atMost: TARGET },
    },
    {
      figure: `${STREAMS} streams, receiving, recording and packaging: CPU`,
      unit: 's/stream-minute',
      ours: both,
      peer: { name: 'ffmpeg -c copy', value: theirs },
    },
  ]
}

function perStreamMinute({ cpuSeconds, elapsedSeconds }: Usage): number {
  return cpuSeconds / ((STREAMS * elapsedSeconds) / 60)
}

/** Waits for the end of the timeline. Throws when a picture is missing. */
async function expectPackaged(file: string, seconds: number, pictures: number): Promise<void> {
  const until = performance.now() + SETTLE_MS
  let timeline: Timeline | undefined
  while (!timeline?.ended) {
    if (performance.now() > until) throw new Error(`${file} has no end`)
    await delay(50)
    timeline = parseTimeline(await readFile(file, 'utf8').catch(() => ''))
  }
  const found = timeline.segments.reduce((sum, { frames }) => sum + frames, 0)
  if (found !== pictures) throw new Error(`${file} has ${found} of ${pictures} pictures`)
  expectSeconds(file, timeline.duration - (timeline.segments[0]?.start ?? 0), seconds)
}

function expectSeconds(what: string, found: number, seconds: number): void {
  if (Math.abs(found - seconds) > DURATION_TOLERANCE)
    throw new Error(`${what} has ${found.toFixed(2)} s of ${seconds}`)
}
