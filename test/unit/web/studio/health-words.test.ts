import { expect, it } from 'vitest'
import { codecName, encoderName, healthWords } from '../../../../web/src/features/studio/go-live/words.ts'

const HEALTH = {
  videoCodec: 'avc1.64001f',
  audioCodec: 'mp4a.40.2',
  width: 1280,
  height: 720,
  frameRate: 30,
  bitsPerSecond: 2_512_000,
  keyframeSeconds: 2.0021,
  warnings: [],
}

it('says in a sentence what is received', () => {
  expect(healthWords(HEALTH)).toBe(
    'We receive you: 1280×720, 30 fps, H.264 and AAC, 2.5 Mbit/s, keyframe every 2 s.',
  )
})

it('leaves out what is not known yet', () => {
  const early = { ...HEALTH, audioCodec: null, width: null, frameRate: null, keyframeSeconds: null }
  expect(healthWords(early)).toBe('We receive you: H.264, 2.5 Mbit/s.')
})

it('says when nothing is received', () => {
  expect(healthWords(null)).toBe('We receive nothing right now.')
})

it('knows the names people use for codecs and encoders, and keeps what it does not know', () => {
  expect(['hvc1.1.6.L93.B0', 'av01.0.05M.08', 'opus', 'mp4a.6b'].map(codecName)).toEqual([
    'H.265',
    'AV1',
    'Opus',
    'mp4a.6b',
  ])
  expect(['FMLE/3.0 (compatible; Lavf59.27.100)', 'obs-studio/31.0', '', 'vMix'].map(encoderName)).toEqual([
    'ffmpeg',
    'OBS',
    'unknown encoder',
    'vMix',
  ])
})
