import { describe, expect, it } from 'vitest'
import { importName } from '../../../src/library/import-title.ts'

const MODIFIED = new Date('2024-03-05T18:22:41Z')
const name = (file: string) => importName(file, MODIFIED, new Date('2026-11-21T12:00:00Z'))

describe('the title of an imported file', () => {
  it.each([
    ['/rec/rk_3f9a1c.flv', 'Recording of 2024-03-05 18:22 UTC'],
    ['/rec/rk_3f9a1c-1709663000.flv', 'Recording of 2024-03-05 18:23 UTC'],
    ['/flv_dir/live/rk_3f9a1c_1709663000.flv', 'Recording of 2024-03-05 18:23 UTC'],
    ['/dvr/live/rk_3f9a1c.1709663000123.flv.tmp', 'Recording of 2024-03-05 18:23 UTC'],
    ['/dvr/live/rk_3f9a1c.1709663000123.mp4', 'Recording of 2024-03-05 18:23 UTC'],
    ['/record/live/rk_3f9a1c/1709663000123.flv', 'Recording of 2024-03-05 18:23 UTC'],
    // A number that is no moment.
    ['/rec/rk-9999999999.flv', 'Recording of 2024-03-05 18:22 UTC'],
  ])('of %s holds no stream key', (file, title) => {
    const named = name(file)
    expect(named.title).toBe(title)
    expect(named.fileName).toMatch(/^recording-2024-03-05-182[23]\.(flv|mp4)$/)
  })

  it.each([
    ['/films/My holiday_2026.mp4', 'My holiday 2026'],
    ['/obs/2024-03-05 18-22-11.flv', '2024-03-05 18-22-11'],
    ['/films/interview.mkv', 'interview'],
  ])('of %s is its name', (file, title) => {
    expect(name(file).title).toBe(title)
  })
})
