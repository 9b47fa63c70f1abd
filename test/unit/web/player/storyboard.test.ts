/** The small pictures of the time line. */
import { describe, expect, it } from 'vitest'
import { renderStoryboard } from '../../../../src/delivery/media/storyboard-vtt.ts'
import { pictureAt, readStoryboard } from '../../../../web/src/player/storyboard.ts'

const SHEETS = [
  { number: 0, columns: 2, tileWidth: 160, tileHeight: 90, starts: [0, 2, 4, 6], endSeconds: 8 },
  { number: 1, columns: 2, tileWidth: 160, tileHeight: 90, starts: [8, 10.5], endSeconds: 3725.25 },
]
const ADDRESS = 'http://site.example/media/token/video/storyboard.vtt'

describe('a storyboard', () => {
  it('is WebVTT that names each picture’s place on its sheet, relative to itself', () => {
    expect(renderStoryboard(SHEETS).split('\n\n').slice(0, 4)).toEqual([
      'WEBVTT',
      '00:00:00.000 --> 00:00:02.000\nstoryboard/0.jpg#xywh=0,0,160,90',
      '00:00:02.000 --> 00:00:04.000\nstoryboard/0.jpg#xywh=160,0,160,90',
      '00:00:04.000 --> 00:00:06.000\nstoryboard/0.jpg#xywh=0,90,160,90',
    ])
  })

  it('is read as it was written, and gives the picture of any second', () => {
    const pictures = readStoryboard(renderStoryboard(SHEETS), ADDRESS)
    expect(pictures).toHaveLength(6)
    expect(pictures[5]).toEqual({
      start: 10.5,
      end: 3725.25,
      sheet: 'http://site.example/media/token/video/storyboard/1.jpg',
      x: 160,
      y: 0,
      width: 160,
      height: 90,
    })
    const startAt = (seconds: number) => pictureAt(pictures, seconds)?.start
    expect([0, 1.9, 2, 7.999, 8, 10.4, 99_999].map(startAt)).toEqual([0, 0, 2, 6, 8, 8, 10.5])
  })

  it.each(['', 'WEBVTT', '<html>', 'WEBVTT\n\n00:00.000 --> 00:01.000\nHello'])(
    'of other text has no pictures: %j',
    (text) => {
      const pictures = readStoryboard(text, ADDRESS)
      expect(pictures).toEqual([])
      expect(pictureAt(pictures, 5)).toBeUndefined()
    },
  )
})
