/**
 * What a second worker brings: the chunks of one upload, made by one worker process and by two. Each is bound to a
 * processor of its own and encodes with one thread, so that they stand for machines.
 */
import path from 'node:path'
import pg from 'pg'
import { openEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import type { Video } from '../../src/delivery/contract/videos.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { freePort } from '../support/free-port.ts'
import { administer, type Installation, startRole } from '../support/role-process.ts'
import type { Bench, BenchContext } from './bench.ts'
import { uploadFile } from './program-uploads.ts'
import { affordable } from './workers-binding.ts'

/** Of twice the throughput of one. */
const TARGET = 0.9
/** At the end one of two has nothing left to do while the other is at its last chunk: that is not looked at. */
const MEASURED_SHARE = 0.75
const LOOK_MS = 50
const TIMEOUT_MS = 300_000

export const workers: Bench = {
  name: 'workers',
  about: 'chunks made by two workers, on a processor each; against one',
  prepare: async ({ sources, sizes }) => void (await sources.workers(sizes.workersSeconds)),
  async run(context) {
    const bindings = await affordable(2)
    if (bindings === undefined) {
      context.note('workers: needs two processors, and taskset to bind each worker to one of them')
      return []
    }
    const runs = context.peerFirst ? [2, 1] : [1, 2]
    const seconds = new Map<number, number>()
    for (const count of runs) seconds.set(count, await measure(context, bindings.slice(0, count)))
    const [one = 0, two = 0] = [seconds.get(1), seconds.get(2)]
    const label = `chunks of ${context.sizes.workersSeconds} s of 720p30`
    return [
      {
        figure: `${label}: two workers, against one`,
        unit: 's',
        ours: two,
        peer: { name: 'one worker', value: one },
      },
      {
        figure: `${label}: throughput of two, as a share of twice that of one`,
        unit: '',
        ours: one / two / 2,
        target: { of: 'ours', atLeast: TARGET },
      },
    ]
  },
}

/** Seconds from the first chunk that is begun until so many are made. */
async function measure(
  { folder, sources, sizes }: BenchContext,
  bindings: readonly string[][],
): Promise<number> {
  await using stack = new AsyncDisposableStack()
  const own = path.join(folder, `workers-${bindings.length}`)
  const log = makeLogger('error')
  const { url } = stack.use(await openEmbeddedPostgres(path.join(own, 'postgres'), { log }))
  const client = stack.adopt(new pg.Client({ connectionString: url }), (open) => open.end())
  await client.connect()
  const installation: Installation = {
    storageDir: path.join(own, 'storage'),
    databaseUrl: url,
    port: await freePort(),
    rtmpPort: await freePort(),
    env: { LOG_LEVEL: 'error', WORKER_CONCURRENCY: '1' },
  }
  stack.use(await startRole(installation, 'ingest,web'))
  const admin = await administer(installation)
  const { video } = await uploadFile(
    { ...admin, ...installation },
    await sources.workers(sizes.workersSeconds),
  )
  for (const front of bindings) stack.use(await startRole(installation, 'worker', { front }))

  const looks: { readonly atMs: number; readonly begun: number; readonly ready: number }[] = []
  const deadline = performance.now() + TIMEOUT_MS
  for (let all = Number.POSITIVE_INFINITY; (looks.at(-1)?.ready ?? 0) < all; ) {
    if (performance.now() > deadline) throw new Error('the chunks were not made in time')
    const { rows } = await client.query<{ begun: number; ready: number; all: number; complete: boolean }>(
      `SELECT count(*) FILTER (WHERE c.state <> 'waiting')::int AS begun, count(*) FILTER (WHERE c.state = 'ready')::int AS ready,
              count(*)::int AS all, coalesce(bool_and(v.timeline_complete), false) AS complete
         FROM chunks c JOIN videos v ON v.id = c.video_id WHERE c.video_id = $1`,
      [video.id],
    )
    const row = rows[0]
    if (!row) continue
    looks.push({ atMs: performance.now(), begun: row.begun, ready: row.ready })
    if (row.complete) all = row.all
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  const made = await admin.api<Video>(`/videos/${video.id}`)
  if (made.state === 'failed') throw new Error(`the upload failed: ${made.failure?.detail}`)
  const wanted = Math.floor((looks.at(-1)?.ready ?? 0) * MEASURED_SHARE)
  const [first, last] = [looks.find(({ begun }) => begun > 0), looks.find(({ ready }) => ready >= wanted)]
  if (!first || !last || wanted === 0) throw new Error('nothing was made')
  return (last.atMs - first.atMs) / 1000
}
