import { expect, it } from 'vitest'
import { ViewNotes } from '../../../src/delivery/media/view-notes.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'

const VIDEO = 'video' as VideoId
const HOUR = 3_600_000

it('writes once in a while that a rung is watched, however many segments are sent', () => {
  const clock = { ms: 0 }
  const written: string[] = []
  const notes = new ViewNotes(
    async (videoId, rendition) => void written.push(`${videoId}/${rendition}`),
    () => clock.ms,
  )
  for (let n = 0; n < 1000; n++) notes.note(VIDEO, '480p')
  notes.note(VIDEO, '720p')
  expect(written).toEqual(['video/480p', 'video/720p'])
  clock.ms += HOUR
  for (let n = 0; n < 1000; n++) notes.note(VIDEO, '480p')
  expect(written).toEqual(['video/480p', 'video/720p', 'video/480p'])
})

it('writes again with the next segment what could not be written', async () => {
  const refused = Promise.withResolvers<void>()
  let tries = 0
  const notes = new ViewNotes(async () => {
    tries += 1
    if (tries === 1) await refused.promise
  })
  notes.note(VIDEO, '480p')
  refused.reject(new Error('the database is away'))
  await expect
    .poll(() => {
      notes.note(VIDEO, '480p')
      return tries
    })
    .toBe(2)
})
