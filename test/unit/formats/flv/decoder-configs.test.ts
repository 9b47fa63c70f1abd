import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedError } from '../../../../src/formats/bytes/malformed-error.ts'
import { readAacConfig } from '../../../../src/formats/flv/aac-config.ts'
import { readAvcConfig } from '../../../../src/formats/flv/avc-config.ts'
import { unescapeNalUnit } from '../../../../src/formats/flv/bit-reader.ts'
import { readHevcConfig } from '../../../../src/formats/flv/hevc-config.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
// As x264 and x265 write them.
const AVC_480P_WIDE_PIXELS = hex(
  '0142c01effe100196742c01ed900d83de6f0e1000003000100000300300f162e4801000568cb83cb20',
)
const AVC_1080P_NTSC = hex(
  '01640028ffe1001967640028acd940780227e5c04400000fa40003a9803c60c65801000668ebe3cb22c0fdf8f800',
)
const HEVC_360P = hex(
  '0101600000009000000000003ff000fcfdf8f800000f04200001001840010c01ffff01600000030090000003000003003f959809210001002a42010101600000030090000003000003003fa00502016965959a4932bc05a020000003002000000303c122000100074401c172b46240',
)

describe('an AVC configuration', () => {
  it('tells codec, size with cropping, aspect and rate', () => {
    expect(readAvcConfig(AVC_1080P_NTSC)).toEqual({
      codecString: 'avc1.640028',
      width: 1920,
      height: 1080,
      aspect: { num: 1, den: 1 },
      frameRate: 30_000 / 1001,
    })
    expect(readAvcConfig(AVC_480P_WIDE_PIXELS)).toEqual({
      codecString: 'avc1.42c01e',
      width: 854,
      height: 480,
      aspect: { num: 4, den: 3 },
      frameRate: 24,
    })
  })

  it('cut anywhere is refused or read, never a crash', () => {
    for (let length = 0; length < 20; length++) {
      expect(() => readAvcConfig(AVC_1080P_NTSC.subarray(0, length))).toThrow(MalformedError)
    }
  })
})

describe('an HEVC configuration', () => {
  it('tells codec and size', () => {
    expect(readHevcConfig(HEVC_360P)).toEqual({ codecString: 'hvc1.1.6.L63.90', width: 640, height: 360 })
  })
})

describe('an AAC configuration', () => {
  it.each([
    [
      '1210',
      { codecString: 'mp4a.40.2', sampleRate: 44_100, channels: 2, samplesPerFrame: 1024, objectType: 2 },
    ],
    [
      '1188',
      { codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 1, samplesPerFrame: 1024, objectType: 2 },
    ],
    [
      '1208',
      { codecString: 'mp4a.40.2', sampleRate: 44_100, channels: 1, samplesPerFrame: 1024, objectType: 2 },
    ],
    // HE-AAC, signalled: the core runs at half the rate.
    [
      '2b11880000',
      { codecString: 'mp4a.40.5', sampleRate: 24_000, channels: 2, samplesPerFrame: 1024, objectType: 2 },
    ],
    // Frames of 960 samples.
    [
      '1214',
      { codecString: 'mp4a.40.2', sampleRate: 44_100, channels: 2, samplesPerFrame: 960, objectType: 2 },
    ],
  ])('%s is understood', (bytes, expected) => {
    expect(readAacConfig(hex(bytes))).toEqual(expected)
  })
})

describe('decoder configurations of random bytes', () => {
  it('are read or refused as malformed, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const read of [readAvcConfig, readHevcConfig, readAacConfig]) {
          for (const start of [[], [1, 100, 0, 40, 0xff, 0xe1, 0, 30]]) {
            try {
              read(Uint8Array.from([...start, ...bytes]))
            } catch (error) {
              expect(error).toBeInstanceOf(MalformedError)
            }
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('emulation prevention', () => {
  it('is taken out after two zeros only', () => {
    expect(unescapeNalUnit(hex('00000301000003000003030003'))).toEqual(hex('0000010000000003' + '0003'))
  })
})
