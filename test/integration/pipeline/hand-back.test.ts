/** A job that a worker lets go: others have it at once, and no attempt counts. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openJobQueue, type PostgresJobQueue } from '../../../src/database/queue.ts'
import { newVideoId } from '../../../src/kernel/ids.ts'
import { JobHandedOn, type RunningJob } from '../../../src/pipeline/queue.ts'
import { silent } from '../../support/pipeline.ts'
import { createTestDatabase } from '../../support/postgres.ts'

async function twoQueues() {
  await using opening = new AsyncDisposableStack()
  const { url, prisma } = opening.use(await createTestDatabase())
  const first = opening.use(await openJobQueue({ url, log: silent }))
  const second = opening.use(await openJobQueue({ url, log: silent }))
  const open = opening.move()
  return { prisma, first, second, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

const send = (queue: PostgresJobQueue, id: string) =>
  queue.send([{ kind: 'make-poster', priority: 1, id, data: { videoId: newVideoId() } }])

const JOB = '0d5cf0a5-3a36-4f0c-b5a2-0e7a4b3c2d1e'

it('goes from a worker that stops to another, however often', async () => {
  await using queues = await twoQueues()
  const { first, second, prisma } = queues
  const attempts: RunningJob<'make-poster'>[] = []
  const held = async (job: RunningJob<'make-poster'>) => {
    attempts.push(job)
    await delay(600_000, undefined, { signal: job.signal })
  }
  await send(first, JOB)
  // More often than the kind has attempts.
  for (const [round, queue] of [first, second, first, second, first, second].entries()) {
    await queue.work('make-poster', 1, held)
    await expect.poll(() => attempts.length).toBe(round + 1)
    await queue.stopWorking(0)
  }
  expect(new Set(attempts.map(({ id }) => id))).toEqual(new Set([JOB]))
  expect(attempts.every(({ isLastAttempt }) => !isLastAttempt)).toBe(true)
  const { promise: done, resolve } = Promise.withResolvers<void>()
  await first.work('make-poster', 1, async () => resolve())
  await done
  const stateOf = async () =>
    (
      await prisma.$queryRaw<{ state: string }[]>`SELECT state::text FROM pgboss.job WHERE id = ${JOB}::uuid`
    )[0]?.state
  await expect.poll(stateOf).toBe('completed')
})

it('goes to another worker when it is handed on, which is not disturbed by who had it', async () => {
  await using queues = await twoQueues()
  const { first, second } = queues
  const seen: string[] = []
  await first.work('make-poster', 1, async () => {
    seen.push('first')
    throw new JobHandedOn('not here')
  })
  await send(first, JOB)
  await expect.poll(() => seen.length).toBeGreaterThan(0)
  const { promise: done, resolve } = Promise.withResolvers<void>()
  await second.work('make-poster', 1, async () => {
    seen.push('second')
    resolve()
  })
  await done
  expect(seen.at(-1)).toBe('second')
})
