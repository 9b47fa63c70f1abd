import { expect, it } from 'vitest'
import { healthWords } from '../../../../web/src/features/studio/go-live/words.ts'

const HEALTH = {
  videoCodec: 'H.264',
  audioCodec: 'AAC',
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
