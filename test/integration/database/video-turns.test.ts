/** Turns at a video: one worker after the other, in whatever process. */
import { expect, it } from 'vitest'
import { makeVideoTurns } from '../../../src/database/video-turns.ts'
import { newVideoId } from '../../../src/kernel/ids.ts'
import { createTestDatabase } from '../../support/postgres.ts'

const rest = new AbortController().signal

it('are taken one after the other, by video', async () => {
  await using database = await createTestDatabase()
  const [one, other] = [makeVideoTurns(database.url), makeVideoTurns(database.url)]
  const video = newVideoId()
  const order: string[] = []
  const first = await one(video, rest)
  const second = other(video, rest).then((turn) => {
    order.push('second')
    return turn
  })
  await using _ = await other(newVideoId(), rest)
  const waiting = async () =>
    (
      await database.prisma.$queryRaw<
        unknown[]
      >`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
    ).length
  await expect.poll(waiting).toBe(1)
  order.push('first is over')
  await first[Symbol.asyncDispose]()
  await (await second)[Symbol.asyncDispose]()
  expect(order).toEqual(['first is over', 'second'])
  expect(first.signal.aborted).toBe(false)
})

it('are not waited for by whom has been told to stop', async () => {
  await using database = await createTestDatabase()
  const take = makeVideoTurns(database.url)
  const video = newVideoId()
  await using _ = await take(video, rest)
  const stop = new AbortController()
  const waiting = take(video, stop.signal)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

it('are lost with their connection, and whoever had one is told', async () => {
  await using database = await createTestDatabase()
  const take = makeVideoTurns(database.url)
  const video = newVideoId()
  await using held = await take(video, rest)
  await database.prisma.$executeRaw`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'reprise-turn'`
  await expect.poll(() => held.signal.aborted).toBe(true)
  await using _ = await take(video, rest)
})
