import { describe, expect, it } from 'vitest'
import { HiddenCauses } from '../../../../src/delivery/auth/hidden-causes.ts'

const away = Object.assign(new Error('no server'), { code: 'P1001' })
const veiled = new Error('Failed to get session')

describe('what a library keeps to itself', () => {
  it('is the database that is away, thrown or answered', async () => {
    const causes = new HiddenCauses()
    const thrown = causes.reveal(async () => {
      causes.hear(away)
      throw veiled
    })
    await expect(thrown).rejects.toBe(away)
    const answered = causes.reveal(async () => {
      causes.hear(away)
      return new Response(null, { status: 500 })
    })
    await expect(answered).rejects.toBe(away)
  })

  it('is no excuse for a bug, a refusal or what went well in the end', async () => {
    const causes = new HiddenCauses()
    await expect(causes.reveal(() => Promise.reject(veiled))).rejects.toBe(veiled)
    const refused = await causes.reveal(async () => {
      causes.hear(away)
      return new Response(null, { status: 401 })
    })
    expect(refused.status).toBe(401)
  })

  it('stays with the work it belongs to', async () => {
    const causes = new HiddenCauses()
    const turn = Promise.withResolvers<void>()
    const one = causes.reveal(async () => {
      await turn.promise
      throw veiled
    })
    const other = causes.reveal(async () => {
      causes.hear(away)
      turn.resolve()
      throw veiled
    })
    await expect(other).rejects.toBe(away)
    await expect(one).rejects.toBe(veiled)
  })
})
