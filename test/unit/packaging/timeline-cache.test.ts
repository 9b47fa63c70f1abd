import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { encodeTimelineEntry, parseTimeline, type TimelineEntry } from '../../../src/packaging/timeline.ts'
import { TimelineCache, type TimelineCacheOptions } from '../../../src/packaging/timeline-cache.ts'

const VIDEO = 'abcdefghijkm' as VideoId
const segment = (number: number, start = number * 2): TimelineEntry => ({
  kind: 'segment',
  number,
  init: 0,
  start,
  duration: 2,
  frames: 60,
  discontinuity: false,
  videoBytes: 1,
  audioBytes: 1,
})
const ENTRIES: readonly TimelineEntry[] = [
  { kind: 'start', version: 1, timeline: 'planned' },
  { kind: 'init', init: 0 },
  segment(0),
  segment(1),
  { kind: 'init', init: 1 },
  segment(2),
  { kind: 'end', duration: 6 },
]
const TEXT = ENTRIES.map(encodeTimelineEntry).join('')

function makeFile(options: TimelineCacheOptions = {}) {
  const file = { content: Buffer.alloc(0), modifiedMs: 0, bytesRead: 0, stats: 0, nowMs: 1000 }
  const cache = new TimelineCache(
    {
      stat: async () => {
        file.stats += 1
        return file.content.byteLength === 0
          ? undefined
          : { bytes: file.content.byteLength, modifiedAt: new Date(file.modifiedMs) }
      },
      stream: async (_key, range) => {
        const part = file.content.subarray(range?.start, range?.end)
        file.bytesRead += part.byteLength
        return Readable.from([part])
      },
    },
    { now: () => file.nowMs, ...options },
  )
  const look = async () => {
    file.nowMs += 1000
    return (await cache.get(VIDEO))?.timeline
  }
  return { file, cache, look }
}

describe('the timeline cache', () => {
  it('follows a timeline that grows by any steps, also in the middle of a line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(TEXT.length), { maxLength: 12 }), async (cuts) => {
        const { file, look } = makeFile()
        for (const cut of [...cuts.toSorted((a, b) => a - b), TEXT.length]) {
          file.content = Buffer.from(TEXT.slice(0, cut))
          const seen = await look()
          const expected = parseTimeline(TEXT.slice(0, cut))
          if (TEXT.slice(0, cut).includes('\n')) expect(seen).toEqual(expected)
          else expect(seen).toBeUndefined()
        }
      }),
    )
  })

  it('reads what was added, not the whole again', async () => {
    const { file, look } = makeFile()
    const many = Array.from({ length: 5000 }, (_, i) => encodeTimelineEntry(segment(i))).join('')
    file.content = Buffer.from(many)
    await look()
    file.bytesRead = 0
    file.content = Buffer.from(many + encodeTimelineEntry(segment(5000)))
    expect((await look())?.segments).toHaveLength(5001)
    expect(file.bytesRead).toBeLessThan(1000)
  })

  it('looks once for all who ask in the same moment', async () => {
    const { file, cache } = makeFile()
    file.content = Buffer.from(TEXT)
    await Promise.all([cache.get(VIDEO), cache.get(VIDEO), cache.get(VIDEO)])
    await cache.get(VIDEO)
    expect(file.stats).toBe(1)
  })

  it('begins again when the timeline was made anew, shorter or longer', async () => {
    const { file, look } = makeFile()
    file.content = Buffer.from(TEXT)
    await look()
    const other = [...ENTRIES.slice(0, 2), segment(0, 100)].map(encodeTimelineEntry).join('')
    file.content = Buffer.from(other)
    expect(await look()).toEqual(parseTimeline(other))
    const longer = ENTRIES.map((entry) =>
      encodeTimelineEntry(entry.kind === 'segment' ? { ...entry, frames: 123_456 } : entry),
    ).join('')
    file.content = Buffer.from(longer)
    expect(await look()).toEqual(parseTimeline(longer))
  })

  it('begins again when it was made anew and is as long as before', async () => {
    const { file, look } = makeFile()
    file.content = Buffer.from(TEXT)
    await look()
    const other = TEXT.replace('"frames":60', '"frames":61')
    file.content = Buffer.from(other)
    file.modifiedMs = 5
    expect(await look()).toEqual(parseTimeline(other))
  })

  it('shows, where that is asked for, what is there at the moment of asking', async () => {
    const { file, cache } = makeFile({ lookAgainMs: 0 })
    file.content = Buffer.from(TEXT.slice(0, TEXT.indexOf('"number":1') - 20))
    const early = cache.get(VIDEO)
    file.content = Buffer.from(TEXT)
    const late = cache.get(VIDEO)
    expect((await late)?.timeline.segments).toHaveLength(3)
    await early
  })

  it('of a day costs each chunk its own lines', async () => {
    const { file, cache } = makeFile({ lookAgainMs: 0 })
    const lines = Array.from({ length: 43_200 }, (_, number) => encodeTimelineEntry(segment(number)))
    let written = lines.length - 400
    file.content = Buffer.from(lines.slice(0, written).join(''))
    await cache.get(VIDEO)
    file.bytesRead = 0
    while (written < lines.length) {
      written += 4
      file.content = Buffer.concat([file.content, Buffer.from(lines.slice(written - 4, written).join(''))])
      expect((await cache.get(VIDEO))?.timeline.segments).toHaveLength(written)
    }
    expect(file.bytesRead, 'a hundred chunks').toBeLessThan(100_000)
  })
})
