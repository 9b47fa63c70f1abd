import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CLOCK_AT_ZERO,
  type ClockState,
  MAX_STEP_MS,
  mapTimestamp,
  startSession,
  type Track,
} from '../../../src/recording/timestamp-repair.ts'

function map(tags: readonly (readonly [Track, number])[], from: ClockState = CLOCK_AT_ZERO) {
  const out: number[] = []
  let state = from
  for (const [track, raw] of tags) {
    const [next, at] = mapTimestamp(state, track, raw >>> 0)
    out.push(at)
    state = next
  }
  return { out, state }
}

describe('the repaired clock', () => {
  it('begins at 0 wherever the encoder begins, and keeps the offset of audio and video', () => {
    expect(
      map([
        ['video', 5000],
        ['audio', 5010],
        ['video', 5033],
        ['audio', 5033],
      ]).out,
    ).toEqual([0, 10, 33, 33])
  })

  it('goes on when the 32 bits wrap', () => {
    const wrap = 2 ** 32
    expect(
      map([
        ['video', wrap - 40],
        ['audio', wrap - 20],
        ['video', wrap - 7],
        ['audio', 3],
        ['video', 26],
      ]).out,
    ).toEqual([0, 20, 33, 43, 66])
  })

  it('goes on where it stands when the clock jumps, and audio follows video', () => {
    const { out } = map([
      ['video', 0],
      ['audio', 5],
      ['video', 33],
      ['audio', 28],
      ['video', 900_000],
      ['audio', 900_005],
      ['video', 900_033],
    ])
    expect(out.slice(0, 4)).toEqual([0, 5, 33, 28])
    expect(out.slice(4).map((at) => at - (out[4] ?? 0))).toEqual([0, 5, 33])
    expect(out[4]).toBeGreaterThan(33)
    expect(out[4]).toBeLessThan(33 + 100)
  })

  it('is not torn between two clocks while both are still sent', () => {
    const { out } = map([
      ['video', 100_000],
      ['audio', 100_000],
      ['video', 100_033],
      ['video', 0],
      ['audio', 100_023],
      ['video', 33],
      ['audio', 12],
      ['video', 66],
      ['audio', 35],
    ])
    // Video restarted at 0; one frame of audio still had the old clock.
    expect(Math.max(...out)).toBeLessThan(300)
    expect((out[7] ?? 0) - (out[5] ?? 0)).toBe(33)
    expect((out[8] ?? 0) - (out[6] ?? 0)).toBe(23)
  })

  it('takes a step back of seconds for a clock set back, and keeps the pace of what follows', () => {
    const { out } = map([
      ['video', 6000],
      ['audio', 6005],
      ['video', 6033],
      ['audio', 6028],
      ['video', 1066],
      ['audio', 6051],
      ['video', 1099],
      ['audio', 1074],
      ['video', 1132],
      ['audio', 1097],
    ])
    expect(out[4]).toBeGreaterThan(33)
    expect(out[4]).toBeLessThan(33 + 100)
    const [video = 0, audio = 0] = [out[4], out[7]]
    expect([out[6], out[8], out[9]]).toEqual([video + 33, video + 66, audio + 23])
    expect(audio - video, 'sound keeps its place beside the pictures').toBe(1074 - 1066)
  })

  it('keeps a pause that is one, and steps back never', () => {
    expect(
      map([
        ['video', 0],
        ['video', 4000],
        ['video', 3990],
        ['video', 4033],
      ]).out,
    ).toEqual([0, 4000, 4001, 4033])
  })

  it('ends a frame after a pause, and not another pause later', () => {
    const { state } = map([
      ['video', 0],
      ['video', 40],
      ['video', 5040],
    ])
    expect(state.end).toBe(5073)
  })

  it('puts the next session where the last one ended', () => {
    const first = map([
      ['video', 0],
      ['audio', 0],
      ['video', 40],
      ['audio', 23],
    ])
    const second = map(
      [
        ['audio', 777_000],
        ['video', 777_021],
      ],
      startSession(first.state, 777_021),
    )
    expect(first.state.end).toBe(80)
    expect(second.out).toEqual([80 - 21, 80])
  })

  it('never runs backwards within a track, nor away, whatever is sent', () => {
    const raw = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 60_000 }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom<Track>('audio', 'video'), raw), { maxLength: 200 }),
        (tags) => {
          const { out } = map(tags)
          const last: Record<Track, number> = { audio: -Infinity, video: -Infinity }
          for (const [index, [track]] of tags.entries()) {
            const at = out[index] ?? 0
            expect(at).toBeGreaterThanOrEqual(last[track])
            if (track === 'video' && last.video > -Infinity) expect(at).toBeGreaterThan(last.video)
            last[track] = at
          }
          expect(Math.max(0, ...out)).toBeLessThanOrEqual(tags.length * MAX_STEP_MS * 2)
        },
      ),
    )
  })
})
