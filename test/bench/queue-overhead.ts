/**
 * What the queue and the bookkeeping cost for each chunk, with an encoder that takes no time: a job from the queue,
 * the claim of what is next, one renewal, and the completion of every row. On a real database with its own
 * durability; alone, and while a video of ten hours waits. There is no peer.
 */
import path from 'node:path'
import { makeChunkStore } from '../../src/database/chunks.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { openJobQueue } from '../../src/database/queue.ts'
import { newId } from '../../src/kernel/ids.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { addChannel } from '../support/pipeline.ts'
import { addPlanned, RESULT } from '../support/planned-chunks.ts'
import type { Bench, Sample } from './bench.ts'

const TARGET_MS = 50
const RUNGS = ['240p', '360p', '480p', '720p'] as const
const LEASE_MS = 60_000

export const queueOverhead: Bench = {
  name: 'queue-overhead',
  about: 'queue and bookkeeping for each chunk, without the encoding',
  async run({ folder, sizes }) {
    const log = makeLogger('silent')
    await using stack = new AsyncDisposableStack()
    const { prisma, url } = stack.use(
      await openDatabase({
        databaseUrl: undefined,
        embeddedDir: path.join(folder, 'postgres'),
        visiting: false,
        log,
        signal: undefined,
      }),
    )
    const queue = stack.use(await openJobQueue({ url, log }))
    const chunks = makeChunkStore(prisma, queue)

    /** Milliseconds for each chunk of so many turns, of a short video by somebody else. */
    async function measure(turns: number): Promise<number> {
      await addPlanned(prisma, { channelId: await addChannel(prisma), chunks: turns / 2, rungs: RUNGS })
      const done = Promise.withResolvers<void>()
      let [taken, made, startedMs, endedMs] = [0, 0, 0, 0]
      await queue.work('encode-chunk', 1, async () => {
        startedMs ||= performance.now()
        if (taken >= turns) return
        const attemptId = newId()
        const next = await chunks.claimNext(attemptId, LEASE_MS)
        if (!next) return
        await chunks.renew(attemptId, LEASE_MS, { made: 0.5, speed: 2 })
        for (const { id } of next.claimed)
          if (!(await chunks.complete(next.videoId, id, attemptId, RESULT)))
            throw new Error('a chunk was not completed')
        taken += 1
        made += next.claimed.length
        if (taken === turns) {
          endedMs = performance.now()
          done.resolve()
        }
      })
      await chunks.requeueOrphans()
      await done.promise
      await queue.stopWorking(0)
      return (endedMs - startedMs) / made
    }

    const alone = await measure(sizes.queueTurns)
    const hours = await addPlanned(prisma, {
      channelId: await addChannel(prisma),
      chunks: sizes.longVideoChunks,
      rungs: RUNGS,
    })
    const crowded = await measure(sizes.queueTurns)
    if ((await prisma.chunk.count({ where: { videoId: hours, state: 'ready' } })) === 0)
      throw new Error('the long video had no turn')
    const sample = (figure: string, ours: number): Sample => ({
      figure,
      unit: 'ms',
      ours,
      target: { of: 'ours', atMost: TARGET_MS },
    })
    return [
      sample('a chunk: queue and bookkeeping', alone),
      sample('the same, while a video of ten hours waits', crowded),
    ]
  },
}
