import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { segmentEncoded } from '../../../src/packaging/segment-encoded.ts'
import { ffmpeg, streamHash } from '../../support/ffmpeg.ts'

let folder: string
const file = (name: string) => path.join(folder, name)
const spans = (from: number, count: number, duration = 2) =>
  Array.from({ length: count }, (_, index) => ({
    number: from + index,
    start: 0.1 + (from + index) * duration,
    duration,
  }))

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'encoded-'))
  const encode = (pattern: string, name: string) =>
    ffmpeg(
      ...[
        '-f',
        'lavfi',
        '-i',
        `${pattern}=s=320x180:r=30:d=4`,
        '-c:v',
        'libx264',
        '-preset',
        'veryfast',
        '-pix_fmt',
        'yuv420p',
      ],
      ...['-force_key_frames', 'expr:gte(t,n_forced*2)', '-g', '600', '-sc_threshold', '0'],
      ...['-movflags', 'frag_keyframe+empty_moov+default_base_moof', file(name)],
    )
  await Promise.all([
    encode('testsrc2', 'one.mp4'),
    encode('smptebars', 'two.mp4'),
    ffmpeg('-f', 'lavfi', '-i', 'sine=440:r=48000:d=4', '-c:a', 'aac', file('tone.mp4')),
  ])
  return () => rm(folder, { recursive: true })
})

describe("an encoder's output", () => {
  it('becomes segments at absolute times, with an init that is the same for every chunk', async () => {
    const chunks = await Promise.all([
      segmentEncoded({
        input: file('one.mp4'),
        kind: 'video',
        segments: spans(0, 2),
        place: { by: 'first-packet', seconds: 0.1 },
        frames: [60, 60],
      }),
      segmentEncoded({
        input: await readFile(file('two.mp4')),
        kind: 'video',
        segments: spans(2, 2),
        place: { by: 'first-packet', seconds: 4.1 },
        frames: [60, 60],
      }),
    ])
    expect(Buffer.from(chunks[0].init).equals(Buffer.from(chunks[1].init))).toBe(true)
    const segments = chunks.flatMap((chunk) => chunk.segments)
    expect(segments.map((segment) => [segment.number, segment.frames])).toEqual([
      [0, 60],
      [1, 60],
      [2, 60],
      [3, 60],
    ])
    for (const [index, segment] of segments.entries()) {
      expect(segment.firstSeconds).toBeCloseTo(0.1 + index * 2, 6)
      expect(segment.endSeconds).toBeCloseTo(0.1 + (index + 1) * 2, 4)
    }
    expect(chunks[0]).toMatchObject({ width: 320, height: 180, codecs: expect.stringMatching(/^avc1\./) })
    expect(chunks[0].peakBandwidth).toBeGreaterThanOrEqual(chunks[0].averageBandwidth)
    const joined = Buffer.concat([chunks[0].init, ...chunks[0].segments.map((segment) => segment.bytes)])
    await writeFile(file('joined.mp4'), joined)
    expect(await streamHash(file('joined.mp4'), 'v')).toBe(await streamHash(file('one.mp4'), 'v'))
  })

  it('of sound is placed by its own zero, priming and overlap left out', async () => {
    const made = await segmentEncoded({
      input: file('tone.mp4'),
      kind: 'audio',
      segments: spans(1, 1),
      place: { by: 'zero', seconds: 1.1 },
    })
    const [segment] = made.segments
    expect(made.codecs).toBe('mp4a.40.2')
    expect(segment?.firstSeconds).toBeGreaterThanOrEqual(2.1 - 0.004)
    expect(segment?.firstSeconds).toBeLessThan(2.1 + 0.022)
    expect(segment?.frames).toBeGreaterThanOrEqual(93)
    expect(segment?.frames).toBeLessThanOrEqual(94)
  })

  it.each([
    ['a frame is missing', { segments: spans(0, 2), frames: [60, 61] }, 'has 60 frames instead of 61'],
    ['a boundary has no keyframe', { segments: spans(0, 4, 1) }, 'a keyframe is missing'],
    ['it is too short', { segments: spans(0, 3) }, 'no packets'],
  ])('is refused when %s', async (_name, request, message) => {
    const place = { by: 'first-packet', seconds: 0.1 } as const
    const made = segmentEncoded({ input: file('one.mp4'), kind: 'video', place, ...request })
    await expect(made).rejects.toMatchObject({
      code: 'encode-failed',
      message: expect.stringContaining(message),
    })
  })

  it('that is no video is refused with a reason', async () => {
    await writeFile(file('junk.mp4'), 'junk')
    const place = { by: 'first-packet', seconds: 0 } as const
    const request = { kind: 'video', segments: spans(0, 1), place } as const
    await expect(segmentEncoded({ input: file('junk.mp4'), ...request })).rejects.toMatchObject({
      code: 'encode-failed',
    })
    await expect(segmentEncoded({ input: file('tone.mp4'), ...request })).rejects.toThrow('no video track')
  })
})
