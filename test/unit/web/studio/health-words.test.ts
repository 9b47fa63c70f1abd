import { expect, it } from 'vitest'
import { codecName, encoderName, healthWords } from '../../../../web/src/features/studio/go-live/words.ts'
import { makeHealth } from '../../../support/health.ts'

const HEALTH = makeHealth()

it('says in a sentence what is received', () => {
  expect(healthWords(HEALTH)).toBe('We receive you: 720p30, 2.5 Mbit/s, keyframe every 2 s, H.264 and AAC.')
})

it('leaves out what is not known yet', () => {
  const early = { ...HEALTH, audioCodec: null, width: null, frameRate: null, keyframeSeconds: null }
  expect(healthWords(early)).toBe('We receive you: 2.5 Mbit/s, H.264.')
})

it('names a size as people do, and one of a phone by both sides', () => {
  const words = (width: number, height: number, frameRate: number | null) =>
    healthWords(makeHealth({ width, height, frameRate })).split(',')[0]
  expect(words(1920, 1080, 59.94)).toBe('We receive you: 1080p59.94')
  expect(words(1920, 1080, null)).toBe('We receive you: 1080p')
  expect(words(1080, 1920, 30)).toBe('We receive you: 1080×1920 at 30 fps')
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
