import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choosePlayback } from '../../../src/pipeline/playback-choice.ts'
import { mainAudio } from '../../../src/pipeline/sound-tracks.ts'
import { parseSource, readSource, type SourceMedia } from '../../../src/pipeline/source.ts'

const picture = {
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  profile: 'High',
  pix_fmt: 'yuv420p',
  width: 1920,
  height: 1080,
  sample_aspect_ratio: '1:1',
  r_frame_rate: '30/1',
  avg_frame_rate: '30/1',
  field_order: 'progressive',
  bit_rate: '4000000',
}
const sound = {
  index: 1,
  codec_type: 'audio',
  codec_name: 'aac',
  profile: 'LC',
  channels: 2,
  sample_rate: '48000',
}
const file = (streams: readonly object[], format: object = {}) => ({
  streams,
  format: { format_name: 'mov,mp4,m4a,3gp,3g2,mj2', duration: '12.5', start_time: '0.02', ...format },
})

function media(streams: readonly object[], format: object = {}): SourceMedia {
  const verdict = parseSource(file(streams, format))
  if (!verdict.isVideo) throw new Error(verdict.reason)
  return verdict.media
}

describe('a video', () => {
  it('is described by its pictures, its sound and its container', () => {
    expect(
      media([
        picture,
        { ...sound, tags: { language: 'deu', title: 'Original' }, disposition: { default: 1 } },
      ]),
    ).toEqual({
      container: 'mov,mp4,m4a,3gp,3g2,mj2',
      durationSeconds: 12.5,
      startSeconds: 0.02,
      video: {
        index: 0,
        place: { nth: 0, of: 1 },
        codec: 'h264',
        profile: 'High',
        pixelFormat: 'yuv420p',
        codedWidth: 1920,
        codedHeight: 1080,
        sampleAspect: 1,
        rotation: 0,
        width: 1920,
        height: 1080,
        frameRate: 30,
        averageFrameRate: 30,
        variableFrameRate: false,
        interlaced: false,
        bitRate: 4_000_000,
        transfer: '',
        primaries: '',
        matrix: '',
        hdr: false,
      },
      audio: [
        {
          index: 1,
          codec: 'aac',
          profile: 'LC',
          channels: 2,
          sampleRate: 48_000,
          language: 'deu',
          title: 'Original',
          isDefault: true,
          isAside: false,
        },
      ],
    })
  })

  it.each([
    ['the display matrix', { side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90 }] }, 90],
    ['the other way round', { side_data_list: [{ rotation: 90 }] }, 270],
    ['upside down', { side_data_list: [{ rotation: -180 }] }, 180],
    ['the old tag', { tags: { rotate: '90' } }, 90],
    ['the matrix rather than the tag', { tags: { rotate: '90' }, side_data_list: [{ rotation: -180 }] }, 180],
  ])('is turned as %s says', (_, more, rotation) => {
    const { video } = media([{ ...picture, ...more }])
    expect([video?.rotation, video?.width, video?.height]).toEqual(
      rotation % 180 === 0 ? [rotation, 1920, 1080] : [rotation, 1080, 1920],
    )
  })

  it('is as wide as its pixels are', () => {
    expect(media([{ ...picture, width: 1440, sample_aspect_ratio: '4:3' }]).video).toMatchObject({
      width: 1920,
      height: 1080,
      codedWidth: 1440,
    })
    expect(media([{ ...picture, sample_aspect_ratio: '0:1' }]).video?.width).toBe(1920)
    expect(media([{ ...picture, sample_aspect_ratio: '5000:1' }]).video?.width).toBe(1920)
  })

  it.each([
    ['30/1', '30/1', 30, false],
    ['30000/1001', '30000/1001', 30_000 / 1001, false],
    ['90000/1', '2400/100', 24, true],
    ['0/0', '25/1', 25, true],
    ['60/1', '2870/100', 60, true],
    ['0/0', '0/0', 0, true],
  ])('with rates %s and %s has %f frames a second', (nominal, average, expected, variable) => {
    expect(media([{ ...picture, r_frame_rate: nominal, avg_frame_rate: average }]).video).toMatchObject({
      frameRate: expected,
      variableFrameRate: variable,
    })
  })

  it('is HDR by its transfer curve', () => {
    expect(media([{ ...picture, color_transfer: 'smpte2084' }]).video?.hdr).toBe(true)
    expect(media([{ ...picture, color_transfer: 'arib-std-b67' }]).video?.hdr).toBe(true)
    expect(media([{ ...picture, color_transfer: 'bt709', color_space: 'unknown' }]).video).toMatchObject({
      hdr: false,
      matrix: '',
    })
  })

  it('is not its cover', () => {
    const cover = { ...picture, index: 0, codec_name: 'mjpeg', disposition: { attached_pic: 1 } }
    expect(media([cover, { ...picture, index: 2 }]).video?.index).toBe(2)
  })

  it('is heard by the track marked as default, else by the first', () => {
    expect(
      mainAudio(media([picture, sound, { ...sound, index: 2, disposition: { default: 1 } }]))?.index,
    ).toBe(2)
    expect(mainAudio(media([picture, sound, { ...sound, index: 2 }]))?.index).toBe(1)
    expect(mainAudio(media([picture]))).toBeUndefined()
  })

  it('comes back from the catalogue as it went in', () => {
    const stored = JSON.parse(JSON.stringify(media([picture, sound])))
    expect(readSource(stored)).toEqual(media([picture, sound]))
    for (const nothing of [null, undefined, {}, 'x', { container: 'a' }])
      expect(readSource(nothing)).toBeUndefined()
  })
})

describe('sound alone', () => {
  it('has no pictures', () => {
    const { video, cover, audio } = media([sound], { format_name: 'mp3' })
    expect([video, cover, audio.length]).toEqual([undefined, undefined, 1])
  })

  it.each([
    ['a cover', { codec_name: 'mjpeg', disposition: { attached_pic: 1 } }],
    ['a still (pain 30)', { codec_name: 'png', r_frame_rate: '0/0' }],
  ])('may have %s', (_, more) => {
    const { video, cover } = media([sound, { ...picture, index: 1, width: 600, height: 500, ...more }])
    expect([video, cover]).toEqual([undefined, { index: 1, width: 600, height: 500 }])
  })

  it('comes back from the catalogue as it went in', () => {
    const stored = JSON.parse(JSON.stringify(media([sound])))
    expect(readSource(stored)).toEqual(media([sound]))
  })
})

describe('what is no video', () => {
  it.each([
    ['nothing', [], 'no picture we can read'],
    ['a picture nobody can decode', [{ ...picture, codec_name: '' }], 'damaged or cut off'],
    ['a picture without a size', [{ ...picture, width: 0 }], 'damaged or cut off'],
    ['a still', [{ ...picture, codec_name: 'png' }], 'a picture, not a video'],
  ])('%s: says why', (_, streams, reason) => {
    expect(parseSource(file(streams))).toEqual({ isVideo: false, reason: expect.stringContaining(reason) })
  })

  it('never throws, whatever ffprobe says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (streams, format) => {
        expect(parseSource({ streams, format })).toHaveProperty('isVideo')
        expect(parseSource(streams)).toHaveProperty('isVideo')
      }),
    )
  })
})

describe('how an upload is played', () => {
  it.each([
    ['H.264 with AAC as it is', [picture, sound], {}, 'measured', false],
    ['H.264 without sound as it is', [picture], {}, 'measured', false],
    ['H.264 with AC-3 with new sound', [picture, { ...sound, codec_name: 'ac3' }], {}, 'measured', true],
    [
      'H.264 with AAC of six channels with new sound',
      [picture, { ...sound, channels: 6 }],
      {},
      'measured',
      true,
    ],
    ['HEVC encoded', [{ ...picture, codec_name: 'hevc' }, sound], {}, 'planned', false],
    ['H.264 of 10 bits encoded', [{ ...picture, pix_fmt: 'yuv420p10le' }], {}, 'planned', false],
    ['H.264 4:4:4 encoded', [{ ...picture, pix_fmt: 'yuv444p' }], {}, 'planned', false],
    ['interlaced H.264 encoded', [{ ...picture, field_order: 'tt' }], {}, 'planned', false],
    ['H.264 in AVI encoded', [picture, sound], { format_name: 'avi' }, 'planned', false],
    ['H.264 in FLV as it is', [picture, sound], { format_name: 'flv' }, 'measured', false],
    ['H.264 in a transport stream as it is', [picture, sound], { format_name: 'mpegts' }, 'measured', false],
  ])('%s', (_, streams, format, timeline, encodeAudio) => {
    expect(choosePlayback(media(streams, format))).toMatchObject({ timeline, encodeAudio })
  })
})
