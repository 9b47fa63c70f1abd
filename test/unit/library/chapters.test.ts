/** Chapters of a video: whose count, and which lines of a description are some. */
import { describe, expect, it } from 'vitest'
import { chaptersOf, parseChapters, suggestChapters } from '../../../src/library/chapters.ts'
import { SAMPLE_BYTES } from '../../../src/pipeline/storyboard/scene-samples.ts'

const video = { description: '', durationSeconds: 600, ownChapters: null, sourceChapters: null }
const LISTED = '0:00 Welcome\n4:10 – The first question\n(8:05) [Thanks]'

describe('chapters', () => {
  it.each([
    ['plain', '0:00 Welcome\n1:30 Talk', ['0 Welcome', '90 Talk']],
    ['with hours', '00:00 A\n1:02:30 B', ['0 A', '3750 B']],
    ['with dashes, bullets and brackets', '* 0:00 - A\n[2:00] B\n• (3:00): C', ['0 A', '120 B', '180 C']],
    ['among other words', 'Tonight:\n0:00 A\nsee https://example.org\n0:30 B\nGoodbye', ['0 A', '30 B']],
    ['not beginning at 0', '1:00 A\n2:00 B', []],
    ['alone', '0:00 A', []],
    ['not in order', '0:00 A\n5:00 B\n2:00 C', []],
    ['that are scores', 'We won 3:15 yesterday', []],
    ['with seconds beyond 59', '0:00 A\n1:75 B\n2:00 C', ['0 A', '120 C']],
  ])('of a description %s', (_, description, expected) => {
    expect(parseChapters(description).map(({ start, title }) => `${start} ${title}`)).toEqual(expected)
  })

  it('are the creator’s, else those of the description, else those of the file, and none beyond the end', () => {
    const sourceChapters = [
      { start: 0, title: 'One' },
      { start: 700, title: 'Beyond' },
    ]
    const ownChapters = [{ start: 5, title: 'Mine' }]
    const all = { ...video, description: LISTED, sourceChapters, ownChapters }
    expect(chaptersOf(all)).toEqual({ from: 'creator', chapters: ownChapters })
    expect(chaptersOf({ ...all, ownChapters: null })).toMatchObject({ from: 'description' })
    expect(chaptersOf({ ...all, ownChapters: null }).chapters.map(({ title }) => title)).toEqual([
      'Welcome',
      'The first question',
      '[Thanks]',
    ])
    expect(chaptersOf({ ...all, ownChapters: null, description: '' })).toEqual({
      from: 'file',
      chapters: sourceChapters.slice(0, 1),
    })
    expect(chaptersOf(video)).toEqual({ from: null, chapters: [] })
    // Taken away by their owner on purpose.
    expect(chaptersOf({ ...all, ownChapters: [] })).toEqual({ from: 'creator', chapters: [] })
  })

  it('are suggested where scenes change, not where pictures move a little', () => {
    const starts = Array.from({ length: 25 }, (_, i) => i * 4)
    const samples = Buffer.concat(
      starts.map((at) => Buffer.alloc(SAMPLE_BYTES, (at < 48 ? 60 : 190) + (at % 8))),
    )
    expect(suggestChapters([{ starts, samples }], 100)).toEqual([
      { start: 0, title: 'Chapter 1' },
      { start: 48, title: 'Chapter 2' },
    ])
    expect(suggestChapters([{ starts, samples: Buffer.alloc(25 * SAMPLE_BYTES, 90) }], 100)).toEqual([])
    expect(suggestChapters([], 100)).toEqual([])
  })
})
