/** Each fault of a stream makes its warning, which says what to change; a stream without fault makes none. */
import { describe, expect, it } from 'vitest'
import { judgeHealth, type ReceivedMedia } from '../../../../src/library/broadcasts/stream-health.ts'
import { meterStream, type StreamFault } from '../../../support/metered-stream.ts'

const warningsOf = (fault: StreamFault, more: Partial<ReceivedMedia> = {}) =>
  judgeHealth({ ...meterStream(fault), ...more }, undefined).warnings

describe('no warning', () => {
  it.each<[string, StreamFault]>([
    ['of a stream that does well', { seconds: 120 }],
    ['of one that has just begun', { seconds: 2, sound: false }],
    ['of 60 frames a second, a keyframe each second', { seconds: 20, frameRate: 60, keyframeSeconds: 1 }],
    ['of a keyframe every 4 s', { seconds: 30, keyframeSeconds: 4 }],
    ['of a sound that is a little early', { seconds: 20, soundOffsetMs: 150 }],
    ['of a network that holds up a quarter of a second', { seconds: 30, delayMs: (ms) => (ms * 7) % 250 }],
    ['of a frame lost now and then', { seconds: 30, dropEvery: 100 }],
    ['of a clock that is off by 100 millionths', { seconds: 200, pace: 0.9999 }],
  ])('%s', (_what, fault) => {
    expect(warningsOf(fault)).toEqual([])
  })
})

describe('one warning', () => {
  it.each<[string, StreamFault, string]>([
    [
      'of long keyframe intervals',
      { seconds: 25, keyframeSeconds: 10 },
      'Keyframes every 10 s: set the keyframe interval to 2 s (OBS:',
    ],
    ['of keyframes that come no more', { seconds: 12, keyframeSeconds: 100 }, 'Keyframes every 1'],
    [
      'of very short keyframe intervals',
      { seconds: 12, keyframeSeconds: 0.2 },
      'Keyframes every 0.2 s cost quality',
    ],
    ['of a missing picture', { seconds: 8, picture: false }, 'No picture arrives'],
    ['of a picture that stopped', { seconds: 30, pictureStopsAtMs: 8000 }, 'No picture arrives'],
    [
      'of a missing sound',
      { seconds: 8, sound: false },
      'No sound arrives: check the audio source (OBS: Audio Mixer',
    ],
    [
      'of a low frame rate',
      { seconds: 20, frameRate: 10 },
      '10 frames a second arrive where 25 are announced',
    ],
    ['of dropped frames', { seconds: 20, dropEvery: 10 }, '10 % of the frames are missing'],
    [
      'of an encoder that falls behind',
      { seconds: 20, pace: 0.7 },
      'Only 0.70 s of your stream arrive each second',
    ],
    [
      'of a hold-up',
      { seconds: 24, delayMs: (ms) => (ms > 20_000 && ms < 23_000 ? 23_000 - ms : 0) },
      'Frames arrive up to 3 s late',
    ],
    [
      'of sound that is ahead',
      { seconds: 20, soundOffsetMs: 1200 },
      'The sound is 1.2 s ahead of the picture: correct its Sync Offset',
    ],
    [
      'of sound that is behind',
      { seconds: 20, soundOffsetMs: -800, firstTimestampMs: 5000 },
      'The sound is 0.8 s behind the picture',
    ],
    ['of a slow clock', { seconds: 200, pace: 0.99 }, "Your encoder's clock is slow by 0.6 s a minute"],
    [
      'of too much',
      { seconds: 20, pictureBytes: 400_000 },
      'which many viewers cannot receive: lower the video bitrate',
    ],
  ])('%s', (_what, fault, words) => {
    expect(warningsOf(fault)).toEqual([expect.stringContaining(words)])
  })

  it('of a low frame rate that is announced', () => {
    const media = meterStream({ seconds: 20, frameRate: 10 })
    const { signal } = media
    const announced = { ...signal, format: { ...signal.format, announcedFrameRate: 10 } }
    expect(judgeHealth({ ...media, signal: announced }, undefined).warnings).toEqual([
      expect.stringContaining('Only 10 frames a second arrive, and motion looks jerky: set 30 or more'),
    ])
  })

  it('of silence, and nothing beside it', () => {
    const media = meterStream({ seconds: 20, keyframeSeconds: 10 })
    const signal = { ...media.signal, silentMs: 7000 }
    expect(judgeHealth({ ...media, signal }, undefined).warnings).toEqual([
      'Nothing arrives for 7 s: the connection may be lost. Check the network between your encoder and the server.',
    ])
  })

  it('of a server that is far away', () => {
    expect(warningsOf({ seconds: 20 }, { roundTripMs: 900 })).toEqual([
      expect.stringContaining('The way to the server and back takes 0.9 s'),
    ])
  })
})

it('names the encoder as its metadata does, else as it introduced itself', () => {
  const media = meterStream({ seconds: 5 })
  expect(judgeHealth(media, undefined).encoder).toBe('FMLE/3.0')
  const format = { ...media.signal.format, encoder: 'Lavf59.27.100' }
  expect(judgeHealth({ ...media, signal: { ...media.signal, format } }, undefined)).toMatchObject({
    encoder: 'Lavf59.27.100',
    videoCodec: 'avc1.64001e',
    width: 640,
    frameRate: 25,
    pace: 1,
  })
})
