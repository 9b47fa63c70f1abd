import { expect, it } from 'vitest'
import { AppError } from '../../../src/kernel/errors.ts'
import { JobHandedOn } from '../../../src/pipeline/queue.ts'
import { makeStallRest } from '../../../src/pipeline/stall-rest.ts'

const stalls = async () => {
  throw new AppError('encode-failed', 'ffmpeg made no progress.', { fields: { stalled: true } })
}
const fails = async () => {
  throw new AppError('encode-failed', 'ffmpeg failed.')
}

it('lets others go first for a while after an encoder stood still here (pain 24)', async () => {
  let now = 0
  const rest = makeStallRest(
    async () => true,
    () => now,
  )
  await rest(async () => undefined)
  await expect(rest(stalls)).rejects.toThrow('no progress')
  await expect(rest(async () => undefined)).rejects.toThrow(JobHandedOn)
  now = 5_001
  await rest(async () => undefined)
})

it('goes on at once when there are no others, and after other failures', async () => {
  const alone = makeStallRest(async () => false)
  await expect(alone(stalls)).rejects.toThrow('no progress')
  await alone(async () => undefined)
  const among = makeStallRest(async () => true)
  await expect(among(fails)).rejects.toThrow('ffmpeg failed')
  await among(async () => undefined)
})
