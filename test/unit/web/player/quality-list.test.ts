import { describe, expect, it } from 'vitest'
import {
  type PlayableRendition,
  playingLabel,
  qualityOptions,
} from '../../../../web/src/player/quality-list.ts'

const rendition = (name: string, part: Partial<PlayableRendition> = {}): PlayableRendition => {
  const height = name === 'original' ? 1080 : Number.parseInt(name, 10)
  return {
    name,
    kind: name === 'original' ? 'original' : 'video',
    state: 'ready',
    width: (height * 16) / 9,
    height,
    frameRate: 30,
    ...part,
  }
}
const LADDER = [
  rendition('360p'),
  rendition('original', { frameRate: 60 }),
  rendition('720p'),
  rendition('audio', { kind: 'audio' }),
]
const level = (id: string, height: number, bitrate = 1) => ({ id, width: (height * 16) / 9, height, bitrate })

describe('the quality menu', () => {
  it('offers the original first, then every rung from the best, and no audio', () => {
    const levels = [
      level('0-360p/index.m3u8', 360),
      level('1-720p/index.m3u8', 720),
      level('2-original/index.m3u8', 1080),
    ]
    expect(qualityOptions(LADDER, levels, false)).toEqual([
      { value: 'original', label: 'Original (1080p60)', levelIds: ['2-original/index.m3u8'] },
      { value: '720p', label: '720p', levelIds: ['1-720p/index.m3u8'] },
      { value: '360p', label: '360p', levelIds: ['0-360p/index.m3u8'] },
    ])
  })

  it('knows renditions by a file name as well as by a folder', () => {
    const [, option] = qualityOptions(LADDER, [level('0-/media/x/720p.m3u8?a=original', 720)], false)
    expect(option?.levelIds).toEqual(['0-/media/x/720p.m3u8?a=original'])
  })

  it('offers after a broadcast what the player has not loaded yet, but not while it is on air', () => {
    const levels = [level('0-original.m3u8', 1080)]
    expect(
      qualityOptions(LADDER, levels, false).map(({ value, levelIds }) => [value, levelIds.length]),
    ).toEqual([
      ['original', 1],
      ['720p', 0],
      ['360p', 0],
    ])
    expect(qualityOptions(LADDER, levels, true).map(({ value }) => value)).toEqual(['original'])
  })

  it('names codecs beside H.264, and leaves out those that the player could not load', () => {
    const both = [rendition('720p'), rendition('720p-av1'), rendition('720p-hevc')]
    const levels = [level('0-720p/index.m3u8', 720, 2), level('1-720p-av1/index.m3u8', 720)]
    expect(qualityOptions(both, levels, false)).toEqual([
      { value: '720p', label: '720p', levelIds: ['0-720p/index.m3u8'] },
      { value: '720p-av1', label: '720p AV1', levelIds: ['1-720p-av1/index.m3u8'] },
    ])
  })

  it('leaves out what failed', () => {
    const renditions = [rendition('original'), rendition('720p', { state: 'failed' })]
    expect(qualityOptions(renditions, [], false).map(({ value }) => value)).toEqual(['original'])
  })

  it('goes by the size when no level bears a name, and by the rate when two have one size', () => {
    const renditions = [rendition('original'), rendition('1080p'), rendition('360p')]
    const levels = [
      level('0-a.m3u8', 1080, 3_000_000),
      level('1-b.m3u8', 1080, 6_000_000),
      level('2-c.m3u8', 360),
    ]
    expect(
      qualityOptions(renditions, levels, false).map(({ value, levelIds }) => [value, ...levelIds]),
    ).toEqual([
      ['original', '1-b.m3u8'],
      ['1080p', '0-a.m3u8'],
      ['360p', '2-c.m3u8'],
    ])
  })

  it('shows the levels themselves when nothing is known about renditions', () => {
    expect(
      qualityOptions([], [level('0-a', 360), level('1-b', 720)], true).map(({ label }) => label),
    ).toEqual(['720p', '360p'])
  })

  it('calls an upright picture by its short side', () => {
    const upright = rendition('original', { width: 1080, height: 1920 })
    expect(qualityOptions([upright], [], false)[0]?.label).toBe('Original (1080p)')
  })

  it('says what Auto plays', () => {
    const options = qualityOptions(LADDER, [level('0-720p/index.m3u8', 720)], false)
    expect(playingLabel(options, '0-720p/index.m3u8')).toBe('720p')
    expect(playingLabel(options, 'unknown')).toBeUndefined()
    expect(playingLabel(options, undefined)).toBeUndefined()
  })
})
