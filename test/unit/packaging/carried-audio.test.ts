import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { carriedSamples, describeCarried } from '../../../src/packaging/carried-audio.ts'
import { encodeCarriedPiece, readCarriedPiece } from '../../../src/packaging/carried-piece.ts'
import { carriedTrack } from '../../../src/packaging/flv-tracks.ts'
import { type KeptSound, keepSound } from '../../../src/packaging/segment-sound.ts'

describe('a piece of carried sound', () => {
  it('comes back as it was put in, to the last bit of its times', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            data: fc.uint8Array({ maxLength: 40 }),
            seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
            key: fc.boolean(),
          }),
        ),
        (packets) => {
          const read = readCarriedPiece(encodeCarriedPiece(packets))
          expect(read.map(({ seconds, data, key }) => [seconds + 0, [...data], key])).toEqual(
            packets.map(({ seconds, data, key }) => [seconds + 0, [...data], key]),
          )
        },
      ),
    )
  })
})

describe('what a packet of sound says of itself', () => {
  const untold = { channels: undefined, sampleRate: undefined }
  const told = (flvHeader: number, sampleRate: number, channels: number) => ({
    flvHeader,
    sampleRate,
    channels,
  })
  it.each([
    ['MPEG-1 layer 3', 'mp3', told(0x2f, 44_100, 2), 'fffb9064', 44_100, 1152],
    ['MPEG-2 layer 3', 'mp3', told(0x2a, 22_050, 1), 'fff38064', 22_050, 576],
    ['Opus, 20 ms', 'opus', untold, 'fc00', 48_000, 960],
    ['Opus, three frames of 2.5 ms', 'opus', untold, 'e303', 48_000, 360],
    ['AC-3 at 48 kHz', 'ac3', untold, '0b77000014', 48_000, 1536],
    ['AC-3 at 44.1 kHz', 'ac3', untold, '0b77000054', 44_100, 1536],
    ['G.711', 'g711a', told(0x72, 5512, 1), 'd5'.repeat(160), 8_000, 160],
    ['Nellymoser at 8 kHz', 'nellymoser', told(0x52, 5512, 1), '00'.repeat(128), 8_000, 512],
    ['PCM of 16 bits in stereo', 'pcm', told(0x3f, 44_100, 2), '00'.repeat(400), 44_100, 100],
    ['Speex, which does not tell', 'speex', told(0xb6, 11_025, 1), '1234', 16_000, undefined],
  ] as const)('%s', (_, codec, header, hex, sampleRate, samples) => {
    const data = Buffer.from(hex, 'hex')
    const carried = describeCarried(codec, header, data, undefined)
    expect([carried.sampleRate, carriedSamples(carried, data)]).toEqual([sampleRate, samples])
  })

  it('is nothing wrong, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('mp3', 'opus', 'flac', 'ac3', 'eac3', 'pcm', 'adpcm', 'nellymoser', 'speex'),
        fc.uint8Array({ maxLength: 60 }),
        fc.option(fc.uint8Array({ maxLength: 60 }), { nil: undefined }),
        (codec, data, config) => {
          const carried = describeCarried(codec as 'mp3', untold, data, config)
          expect(carried.sampleRate).toBeGreaterThan(0)
          expect(carriedSamples(carried, data) ?? 0).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})

describe('the sound of a video', () => {
  const aac = {
    kind: 'audio',
    codec: 'aac',
    codecString: 'mp4a.40.2',
    channels: 2,
    sampleRate: 48_000,
    samplesPerFrame: 1024,
    description: new Uint8Array([0x11, 0x90]),
  } as const
  const mp3 = carriedTrack({ codec: 'mp3', channels: 2, sampleRate: 44_100, flvHeader: 0x2f })
  const asAudio = {
    kind: 'init',
    init: 0,
    audio: { codec: 'mp4a.40.2', channels: 2, sampleRate: 48_000 },
  } as const
  const asCarried = { kind: 'init', init: 0, carriedAudio: mp3.carried } as const
  const how = (kept: KeptSound | undefined) =>
    kept?.how === 'carried' ? `carried ${kept.carried.codec}` : kept?.how

  it.each([
    ['AAC at first is passed through', aac, [], 'passed'],
    ['MP3 at first is carried', mp3, [], 'carried mp3'],
    ['AAC after MP3 is carried too: one rendition is made of both', aac, [asCarried], 'carried aac'],
    ['MP3 after AAC is left out: that rendition is not encoded', mp3, [asAudio], undefined],
    ['none is none', undefined, [asAudio], undefined],
  ] as const)('%s', (_, track, inits, expected) => {
    expect(how(keepSound(track, inits))).toBe(expected)
  })
})
