import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeAmf0Values } from '../../../../src/formats/amf0.ts'
import { MalformedError } from '../../../../src/formats/bytes/malformed-error.ts'
import { encodeAacTag, readAudioTag } from '../../../../src/formats/flv/audio-tag.ts'
import { encodeFileHeader, readFileHeader } from '../../../../src/formats/flv/file-header.ts'
import { encodeMetadata, metadataNumber, readMetadata } from '../../../../src/formats/flv/script-data.ts'
import {
  encodeTag,
  isTagTrailer,
  readTagHeader,
  SCRIPT_TAG,
  TAG_HEADER_BYTES,
  VIDEO_TAG,
} from '../../../../src/formats/flv/tag-header.ts'
import { encodeVideoTag, readVideoTag } from '../../../../src/formats/flv/video-tag.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const fourCc = (text: string) => Buffer.from(text, 'latin1').toString('hex')

describe('the file header', () => {
  it('is 13 bytes and reads back, and waits for all of them', () => {
    const bytes = encodeFileHeader()
    expect(bytes.toString('hex')).toBe('464c560105000000090000 0000'.replace(' ', ''))
    for (let length = 0; length < 13; length++)
      expect(readFileHeader(bytes.subarray(0, length))).toBeUndefined()
    expect(readFileHeader(bytes)).toEqual({ byteLength: 13 })
  })

  it('of something else is refused at its first wrong byte', () => {
    expect(() => readFileHeader(Buffer.from('FL!'))).toThrow(MalformedError)
    expect(() => readFileHeader(hex('464c5601050000ffff00000000'))).toThrow('header of 65535')
  })
})

describe('a tag', () => {
  it('keeps its timestamp of 32 bits, and is followed by its size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(8, 9, 18),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.uint8Array({ maxLength: 300 }),
        (type, timestampMs, body) => {
          const tag = encodeTag(type, timestampMs, body)
          expect(readTagHeader(tag, 0)).toEqual({ type, timestampMs, bodyBytes: body.byteLength })
          expect(isTagTrailer(tag, TAG_HEADER_BYTES + body.byteLength, body.byteLength)).toBe(true)
          for (let cut = 0; cut < TAG_HEADER_BYTES; cut++)
            expect(readTagHeader(tag.subarray(0, cut), 0)).toBeUndefined()
        },
      ),
    )
  })

  it('does not begin where there are zeros, another type or a stream id', () => {
    expect(() => readTagHeader(Buffer.alloc(11), 0)).toThrow(MalformedError)
    expect(() => readTagHeader(encodeTag(7, 0, Buffer.alloc(1)), 0)).toThrow('type 7')
    const tag = encodeTag(VIDEO_TAG, 0, Buffer.alloc(1))
    tag[10] = 1
    expect(() => readTagHeader(tag, 0)).toThrow('stream 1')
  })
})

describe('a video tag', () => {
  const frame = { packet: 'frame', compositionMs: 0 }
  it.each([
    [
      'AVC keyframe',
      '17 01 000043 aa',
      { codec: 'avc', packet: 'frame', keyframe: true, compositionMs: 67, dataOffset: 5 },
    ],
    [
      'AVC frame with a negative offset',
      '27 01 ffffdf aa',
      { codec: 'avc', packet: 'frame', keyframe: false, compositionMs: -33, dataOffset: 5 },
    ],
    [
      'AVC configuration',
      '17 00 000000 01',
      { codec: 'avc', packet: 'sequence-start', keyframe: true, compositionMs: 0, dataOffset: 5 },
    ],
    [
      'AVC end',
      '17 02 000000',
      { codec: 'avc', packet: 'sequence-end', keyframe: true, compositionMs: 0, dataOffset: 5 },
    ],
    [
      'HEVC as id 12',
      '1c 01 000021 aa',
      { codec: 'hevc', packet: 'frame', keyframe: true, compositionMs: 33, dataOffset: 5 },
    ],
    ['Sorenson', '22 aa', { codec: 'sorenson', keyframe: false, dataOffset: 1, ...frame }],
    ['VP6', '14 00 aa', { codec: 'vp6', keyframe: true, dataOffset: 1, ...frame }],
    [
      'a seek command',
      '57 00',
      { codec: 'avc', packet: 'other', keyframe: false, compositionMs: 0, dataOffset: 1 },
    ],
    [
      'hvc1 configuration',
      `90 ${fourCc('hvc1')} 01`,
      { codec: 'hevc', packet: 'sequence-start', keyframe: true, compositionMs: 0, dataOffset: 5 },
    ],
    [
      'hvc1 frames with offset',
      `a1 ${fourCc('hvc1')} 000042 aa`,
      { codec: 'hevc', packet: 'frame', keyframe: false, compositionMs: 66, dataOffset: 8 },
    ],
    [
      'hvc1 frames without offset',
      `93 ${fourCc('hvc1')} aa`,
      { codec: 'hevc', keyframe: true, dataOffset: 5, ...frame },
    ],
    ['av01 frames', `91 ${fourCc('av01')} aa`, { codec: 'av1', keyframe: true, dataOffset: 5, ...frame }],
    ['vp09 frames', `a1 ${fourCc('vp09')} aa`, { codec: 'vp9', keyframe: false, dataOffset: 5, ...frame }],
    [
      'enhanced avc1',
      `91 ${fourCc('avc1')} ffffff aa`,
      { codec: 'avc', packet: 'frame', keyframe: true, compositionMs: -1, dataOffset: 8 },
    ],
    [
      'metadata (HDR)',
      `94 ${fourCc('hvc1')} 02`,
      { codec: 'hevc', packet: 'other', keyframe: true, compositionMs: 0, dataOffset: 5 },
    ],
    [
      'a modifier before it',
      `97 02 000001 01 ${fourCc('av01')} aa`,
      { codec: 'av1', keyframe: true, dataOffset: 10, ...frame },
    ],
    [
      'one track of many',
      `96 01 ${fourCc('av01')} 00 aa`,
      { codec: 'av1', keyframe: true, dataOffset: 7, ...frame },
    ],
  ])('reads %s', (_name, bytes, expected) => {
    const body = hex(bytes)
    expect(readVideoTag(body)).toEqual({ dataEnd: body.byteLength, ...expected })
  })

  it('leaves the second of several tracks alone and knows where the first one ends', () => {
    expect(readVideoTag(hex(`96 01 ${fourCc('av01')} 01 aa`))?.packet).toBe('other')
    expect(readVideoTag(hex(`96 11 ${fourCc('av01')} 00 000002 aabb 01 000001 cc`))).toMatchObject({
      dataOffset: 10,
      dataEnd: 12,
    })
  })

  it('that we write reads back', () => {
    const body = encodeVideoTag({
      codec: 'avc',
      packet: 'frame',
      keyframe: true,
      compositionMs: -40,
      data: hex('0102'),
    })
    expect(readVideoTag(body)).toMatchObject({
      codec: 'avc',
      packet: 'frame',
      keyframe: true,
      compositionMs: -40,
    })
    expect(body.subarray(5)).toEqual(hex('0102'))
  })

  it('of random bytes is read or not, and never more than there is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const tag = readVideoTag(bytes)
        if (tag && tag.codec !== 'unknown') expect(tag.dataOffset).toBeLessThanOrEqual(bytes.byteLength)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an audio tag', () => {
  it.each([
    [
      'AAC configuration',
      'af 00 1210',
      { codec: 'aac', packet: 'sequence-start', dataOffset: 2, channels: 2 },
    ],
    ['AAC frame', 'af 01 21', { codec: 'aac', packet: 'frame', dataOffset: 2 }],
    ['MP3', '2f ff', { codec: 'mp3', packet: 'frame', sampleRate: 44_100, dataOffset: 1 }],
    ['G.711 mu-law', '82 ff', { codec: 'g711u', packet: 'frame', channels: 1 }],
    ['Speex', 'b2 ff', { codec: 'speex', packet: 'frame' }],
    ['Opus', `91 ${fourCc('Opus')} aa`, { codec: 'opus', packet: 'frame', dataOffset: 5 }],
    [
      'FLAC configuration',
      `90 ${fourCc('fLaC')} aa`,
      { codec: 'flac', packet: 'sequence-start', dataOffset: 5 },
    ],
    ['AC-3', `91 ${fourCc('ac-3')} aa`, { codec: 'ac3', packet: 'frame' }],
    ['enhanced AAC', `90 ${fourCc('mp4a')} 1210`, { codec: 'aac', packet: 'sequence-start', dataOffset: 5 }],
    ['channel layout', `94 ${fourCc('mp4a')} 01`, { codec: 'aac', packet: 'other' }],
  ])('reads %s', (_name, bytes, expected) => {
    expect(readAudioTag(hex(bytes))).toMatchObject(expected)
  })

  it('that we write reads back', () => {
    expect(readAudioTag(encodeAacTag('sequence-start', hex('1210')))).toMatchObject({
      codec: 'aac',
      packet: 'sequence-start',
    })
  })

  it('of random bytes is read or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void readAudioTag(bytes)),
      { numRuns: 2000 },
    )
  })
})

describe('metadata', () => {
  it('reads back, with or without the command to set it', () => {
    const values = { width: 1280, framerate: 29.97, encoder: 'x' }
    expect(readMetadata(encodeMetadata(values))).toMatchObject(values)
    const set = readMetadata(encodeAmf0Values(['@setDataFrame', 'onMetaData', values]))
    expect(metadataNumber(set, 'width')).toBe(1280)
    expect(metadataNumber(set, 'encoder')).toBeUndefined()
  })

  it('of another kind, or damaged, is none', () => {
    expect(readMetadata(encodeAmf0Values(['onTextData', {}]))).toBeUndefined()
    expect(readMetadata(encodeMetadata({ a: 1 }).subarray(0, 15))).toBeUndefined()
    expect(SCRIPT_TAG).toBe(18)
  })
})
