import { describe, expect, it } from 'vitest'
import { planSounds } from '../../../src/pipeline/plan-sounds.ts'
import { languageOf, mainAudio, soundTracks } from '../../../src/pipeline/sound-tracks.ts'
import type { SourceAudio, SourceMedia } from '../../../src/pipeline/source.ts'

const sound = (index: number, part: Partial<SourceAudio> = {}): SourceAudio => ({
  index,
  codec: 'aac',
  profile: 'LC',
  channels: 2,
  sampleRate: 48_000,
  language: '',
  title: '',
  isDefault: false,
  ...part,
})
const of = (...audio: readonly SourceAudio[]): SourceMedia => ({ container: 'mov', startSeconds: 0, audio })
const labels = (...audio: readonly SourceAudio[]) => soundTracks(of(...audio)).map(({ label }) => label)

describe('a language', () => {
  it.each([
    ['eng', 'en', 'English'],
    ['ger', 'de', 'German'],
    ['deu', 'de', 'German'],
    ['chi', 'zh', 'Chinese'],
    ['pt-BR', 'pt-BR', 'Brazilian Portuguese'],
  ])('%s is %s', (said, tag, name) => {
    expect(languageOf(said)).toEqual({ tag, name })
  })

  it.each(['', 'und', 'mul', 'zxx', 'english', 'not a tag', 'qaa'])('is none: %s', (said) => {
    expect(languageOf(said)).toBeUndefined()
  })
})

describe('what is heard by default', () => {
  const [dolby, aac] = [
    sound(1, { codec: 'ac3', channels: 6, language: 'eng', isDefault: true }),
    sound(2, { language: 'eng' }),
  ]

  it('is the track marked so, else the first', () => {
    expect(mainAudio(of(sound(1), sound(2, { isDefault: true })))?.index).toBe(2)
    expect(mainAudio(of(sound(1), sound(2)))?.index).toBe(1)
    expect(mainAudio(of())).toBeUndefined()
  })

  it('is the AAC of the same language rather than its Dolby', () => {
    expect(mainAudio(of(dolby, aac))).toBe(aac)
  })

  it.each([
    ['another language', { language: 'fra' }],
    ['a comment on it', { title: "Director's commentary" }],
    ['a description of the pictures', { isAside: true }],
    ['six channels', { channels: 6 }],
  ])('is not %s', (_, part) => {
    expect(mainAudio(of(dolby, { ...aac, ...part }))).toBe(dolby)
  })

  it('is not guessed where no language is said', () => {
    expect(mainAudio(of({ ...dolby, language: '' }, { ...aac, language: '' }))?.index).toBe(1)
  })
})

describe('a name in the menu', () => {
  it('is the language, with what the title adds', () => {
    expect(
      labels(
        sound(1, { language: 'eng' }),
        sound(2, { language: 'eng', title: 'Commentary' }),
        sound(3, { language: 'deu', title: 'German dub' }),
        sound(4, { title: 'Music only' }),
        sound(5),
      ),
    ).toEqual(['English', 'English (Commentary)', 'German dub', 'Music only', 'Track 5'])
  })

  it('is no other one’s', () => {
    expect(
      labels(sound(1, { language: 'eng' }), sound(2, { language: 'eng' }), sound(3, { title: 'English' })),
    ).toEqual(['English', 'English 2', 'English 3'])
  })

  it('is plain where there is no choice', () => {
    expect([labels(sound(1)), labels(sound(1, { language: 'eng' }))]).toEqual([['Audio'], ['English']])
  })

  it('is one of twelve at most', () => {
    expect(soundTracks(of(...Array.from({ length: 40 }, (_, i) => sound(i))))).toHaveLength(12)
  })
})

describe('the plan of sounds', () => {
  const media = of(
    sound(1),
    sound(3, { codec: 'ac3', channels: 6, language: 'eng' }),
    sound(4, { channels: 1 }),
  )

  it('has what is not passed through, from its own stream, one channel kept and many limited', () => {
    const { renditions, sounds } = planSounds(media, { mainPassed: true, originSeconds: 0.5 })
    expect(renditions.map(({ name, settings }) => [name, settings])).toMatchObject([
      ['audio-2', { streamIndex: 3, channels: 2, limited: true, originSeconds: 0.5 }],
      ['audio-3', { streamIndex: 4, channels: 1, originSeconds: 0.5 }],
    ])
    expect(sounds.map(({ name, label }) => [name, label])).toEqual([
      ['audio', 'Track 1'],
      ['audio-2', 'English'],
      ['audio-3', 'Track 3'],
    ])
  })

  it('has the main one too when it is not in the timeline', () => {
    const { renditions } = planSounds(media, { mainPassed: false, originSeconds: 0 })
    expect(renditions.map(({ name }) => name)).toEqual(['audio', 'audio-2', 'audio-3'])
  })
})
