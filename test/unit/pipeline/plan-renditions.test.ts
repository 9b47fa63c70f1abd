import { describe, expect, it } from 'vitest'
import type { VideoId } from '../../../src/kernel/ids.ts'
import type { Timeline, TimelineSegment } from '../../../src/packaging/timeline.ts'
import type { ChunkRecord } from '../../../src/pipeline/catalogue.ts'
import { chunkJobs, planRenditions } from '../../../src/pipeline/plan-renditions.ts'
import { readPacketLine } from '../../../src/pipeline/scan.ts'
import type { SourceMedia } from '../../../src/pipeline/source.ts'
import { measureRendition } from '../../../src/pipeline/steps/finish-video.ts'
import { playedSeconds } from '../../../src/pipeline/steps/plan-upload.ts'

const video = { codec: 'avc1.64001f', width: 1280, height: 720, frameRate: 30 }
const audio = { codec: 'mp4a.40.2', channels: 2, sampleRate: 48_000 }
const id = 'video' as VideoId

describe('renditions', () => {
  const names = (...args: Parameters<typeof planRenditions>) =>
    planRenditions(...args).map(({ name, settings }) => `${name}${settings ? '' : ' passed'}`)

  it('of a measured timeline are the original, its sound, and the rungs below', () => {
    expect(names('measured', { video, audio }, { encodeAudio: false })).toEqual([
      'original passed',
      'audio passed',
      '480p',
      '360p',
      '240p',
    ])
  })

  it('of a planned timeline are all encoded', () => {
    expect(names('planned', { video, audio }, { encodeAudio: true })).toEqual([
      'audio',
      '720p',
      '480p',
      '360p',
      '240p',
    ])
  })

  it('have no sound where there is none', () => {
    expect(names('measured', { video }, { encodeAudio: false })).toEqual([
      'original passed',
      '480p',
      '360p',
      '240p',
    ])
  })

  it('of sound alone are that sound', () => {
    expect(names('measured', { audio }, { encodeAudio: false })).toEqual(['audio passed'])
    expect(names('measured', {}, { encodeAudio: true })).toEqual(['audio'])
  })
})

describe('jobs of a chunk', () => {
  it('are the lowest rung with the sound, then the others together', () => {
    const jobs = chunkJobs(
      id,
      3,
      planRenditions('planned', { video, audio }, { encodeAudio: true }),
      'upload',
    )
    expect(jobs).toEqual([
      { kind: 'encode-chunk', priority: 500, data: { videoId: id, index: 3, renditions: ['audio', '240p'] } },
      {
        kind: 'encode-chunk',
        priority: 200,
        data: { videoId: id, index: 3, renditions: ['720p', '480p', '360p'] },
      },
    ])
  })

  it('are one where there is one rung, none where nothing is encoded', () => {
    expect(
      chunkJobs(
        id,
        0,
        planRenditions('planned', { video: { ...video, width: 160, height: 120 } }, { encodeAudio: false }),
        'live',
      ),
    ).toHaveLength(1)
    expect(
      chunkJobs(
        id,
        0,
        planRenditions(
          'measured',
          { video: { ...video, width: 160, height: 120 }, audio },
          { encodeAudio: false },
        ),
        'live',
      ),
    ).toEqual([])
  })

  it('are more urgent on air than after it, and then than an upload', () => {
    const renditions = planRenditions('measured', { video }, { encodeAudio: false })
    const priorities = (['live', 'replay', 'upload'] as const).map((urgency) =>
      chunkJobs(id, 0, renditions, urgency).map(({ priority }) => priority),
    )
    // The lowest rungs of all of them, then the others of all of them.
    const order = [0, 1].flatMap((half) => priorities.map((own) => own[half] ?? 0))
    expect(order).toHaveLength(6)
    expect(order).toEqual(order.toSorted((a, b) => b - a))
  })
})

describe('what was made', () => {
  const segment = (number: number, videoBytes: number, audioBytes: number): TimelineSegment => ({
    kind: 'segment',
    number,
    init: 0,
    start: number * 2,
    duration: 2,
    frames: 60,
    discontinuity: false,
    videoBytes,
    audioBytes,
  })
  const timeline: Timeline = {
    kind: 'measured',
    inits: [],
    segments: [segment(0, 1000, 100), segment(1, 3000, 50)],
    ended: true,
    duration: 4,
  }
  const made = (
    state: ChunkRecord['state'],
    firstSegment: number,
    segmentCount: number,
    failure?: string,
  ): ChunkRecord => ({
    rendition: '240p',
    state,
    bytes: 500,
    peakBandwidth: 4000,
    frames: undefined,
    ssim: undefined,
    failure,
    range: { index: firstSegment, firstSegment, segmentCount, startSeconds: 0, durationSeconds: 2 },
  })
  const [, , low] = planRenditions(
    'measured',
    { video: { ...video, width: 640, height: 360 }, audio },
    { encodeAudio: false },
  )
  const rung = { ...low, id: 'r', name: '240p', kind: 'video', state: 'encoding' } as const

  it('is measured from the timeline when it was passed through', () => {
    expect(
      measureRendition({ id: 'o', name: 'original', kind: 'original', state: 'encoding' }, [], timeline),
    ).toEqual({ name: 'original', state: 'ready', bytes: 4000, bandwidth: 12_000, averageBandwidth: 8000 })
    expect(
      measureRendition({ id: 'a', name: 'audio', kind: 'audio', state: 'encoding' }, [], timeline),
    ).toMatchObject({ bytes: 150, bandwidth: 400 })
  })

  it('is measured from its chunks when it was encoded', () => {
    expect(measureRendition(rung, [made('ready', 0, 1), made('ready', 1, 1)], timeline)).toEqual({
      name: '240p',
      state: 'ready',
      bytes: 1000,
      bandwidth: 4000,
      averageBandwidth: 2000,
    })
  })

  it('is not ready while a part of the timeline is not planned', () => {
    expect(measureRendition(rung, [made('ready', 0, 1)], timeline)).toBe('incomplete')
  })

  it('has failed when a part has, for the first reason known', () => {
    expect(measureRendition(rung, [made('ready', 0, 1), made('failed', 1, 1, 'broken')], timeline)).toEqual({
      name: '240p',
      state: 'failed',
      failure: 'broken',
    })
    expect(
      measureRendition({ ...rung, failure: 'the first' }, [made('failed', 1, 1, 'later')], timeline),
    ).toMatchObject({ failure: 'the first' })
  })
})

describe('how far a file goes', () => {
  it.each([
    ['stream_index=0|pts_time=1.5|dts_time=1.4|duration_time=0.04', { stream: 0, at: 1.5, duration: 0.04 }],
    ['stream_index=1|pts_time=N/A|dts_time=2.000000|duration_time=N/A', { stream: 1, at: 2, duration: 0 }],
    ['stream_index=0|pts_time=1.5|dts_time=N/A|duration_time=0.04|', { stream: 0, at: 1.5, duration: 0.04 }],
    ['stream_index=0|pts_time=N/A|dts_time=N/A', undefined],
    ['', undefined],
  ])('is read from %s', (line, packet) => {
    expect(readPacketLine(line)).toEqual(packet)
  })

  it('is where its pictures end, or its sound when that goes on much longer', () => {
    const media = {
      container: 'x',
      startSeconds: 1,
      video: { index: 0 },
      audio: [{ index: 1, isDefault: true, codec: 'aac', channels: 2 }],
    } as unknown as SourceMedia
    const extents = (pictures: number, sound: number) =>
      new Map([
        [0, { packets: 9, start: 1, end: pictures }],
        [1, { packets: 9, start: 1, end: sound }],
      ])
    expect(playedSeconds(media, extents(11, 11.5))).toBe(10)
    expect(playedSeconds(media, extents(11, 21))).toBe(20)
    expect(playedSeconds(media, extents(11, 5))).toBe(10)
    expect(playedSeconds(media, new Map([[1, { packets: 9, start: 1, end: 9 }]]))).toBe(0)
  })
})
