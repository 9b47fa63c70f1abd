import { describe, expect, it } from 'vitest'
import { VideoFacts } from '../../../src/delivery/media/video-facts.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'
import type { CatalogueChange } from '../../../src/library/catalogue-changes.ts'
import type { VideoRecord } from '../../../src/library/video-record.ts'

const VIDEO = 'abcdefghijkm' as VideoId
const titled = (title: string) => ({ id: VIDEO, title }) as VideoRecord

function setUp() {
  const state = { nowMs: 0, asked: 0, answer: async (): Promise<VideoRecord | undefined> => titled('first') }
  let listener: ((change: CatalogueChange) => void) | undefined
  const facts = new VideoFacts(
    {
      find: () => {
        state.asked += 1
        return state.answer()
      },
    },
    {
      subscribe: (added) => {
        listener = added
        return () => {}
      },
    },
    () => state.nowMs,
  )
  return { state, facts, change: () => listener?.({ kind: 'video', videoId: VIDEO }) }
}

describe('what media requests know of a video', () => {
  it('is asked for once by all who need it at once, and remembered for a moment', async () => {
    const { state, facts } = setUp()
    await Promise.all([facts.get(VIDEO), facts.get(VIDEO)])
    await facts.get(VIDEO)
    expect(state.asked).toBe(1)
    state.nowMs += 5000
    await facts.get(VIDEO)
    expect(state.asked).toBe(2)
  })

  it('is asked for again as soon as it changed, also while being asked for', async () => {
    const { state, facts, change } = setUp()
    await facts.get(VIDEO)
    change()
    state.answer = async () => {
      await Promise.resolve()
      change()
      return titled('already old')
    }
    expect((await facts.get(VIDEO))?.title).toBe('already old')
    state.answer = async () => titled('new')
    expect((await facts.get(VIDEO))?.title).toBe('new')
  })

  it('outlives a database that does not answer, for a while', async () => {
    const { state, facts, change } = setUp()
    await facts.get(VIDEO)
    change()
    state.answer = () => Promise.reject(new Error('away'))
    state.nowMs += 60_000
    expect((await facts.get(VIDEO))?.title).toBe('first')
    state.nowMs += 10 * 60_000
    await expect(facts.get(VIDEO)).rejects.toThrow('away')
  })
})
