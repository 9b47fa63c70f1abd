/** Enhanced RTMP v2, byte for byte: what each packet type, modifier and track layout is read as, kept for, and played as. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAudioTag } from '../../../../src/formats/flv/audio-tag.ts'
import { defaultTrackBody } from '../../../../src/formats/flv/default-track.ts'
import { readEnhancedPacket } from '../../../../src/formats/flv/enhanced-packet.ts'
import { readStanding } from '../../../../src/formats/flv/standing-message.ts'
import { readVideoTag } from '../../../../src/formats/flv/video-tag.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const cc = (text: string) => Buffer.from(text, 'latin1').toString('hex')
const VIDEO = 9
const AUDIO = 8

/** What players get that know no tracks: 'same', nothing (''), or other bytes. */
function played(type: number, body: Buffer): string {
  const plain = defaultTrackBody(type, body)
  return plain === body ? 'same' : plain ? Buffer.from(plain).toString('hex') : ''
}

describe('enhanced video', () => {
  it.each([
    ['hvc1', 'hevc'],
    ['av01', 'av1'],
    ['vp09', 'vp9'],
    ['vp08', 'vp8'],
    ['vvc1', 'vvc'],
    ['avc1', 'avc'],
    ['xxxx', 'unknown'],
  ])('%s is %s, its start, frames and end', (fourCc, codec) => {
    const timed = ['hvc1', 'avc1', 'vvc1'].includes(fourCc)
    expect(readVideoTag(hex(`90 ${cc(fourCc)} 01`))).toMatchObject({ codec, packet: 'sequence-start' })
    expect(readVideoTag(hex(`91 ${cc(fourCc)} 000021 aa`))).toMatchObject({
      codec,
      packet: 'frame',
      keyframe: true,
      compositionMs: timed ? 33 : 0,
      dataOffset: timed ? 8 : 5,
    })
    expect(readVideoTag(hex(`a3 ${cc(fourCc)} aa`))).toMatchObject({
      codec,
      packet: 'frame',
      keyframe: false,
      compositionMs: 0,
      dataOffset: 5,
    })
    expect(readVideoTag(hex(`92 ${cc(fourCc)}`))).toMatchObject({ codec, packet: 'sequence-end' })
    expect(readStanding(VIDEO, hex(`90 ${cc(fourCc)} 01`))?.key).toBe('video configuration 0')
    expect(readStanding(VIDEO, hex(`91 ${cc(fourCc)} 000021 aa`))).toBeUndefined()
  })

  it.each<[string, string, string, string | undefined, string]>([
    // what, bytes, packet of the default track, kept as, played as
    ['MPEG-2 TS sequence start', `95 ${cc('av01')} 80`, 'other', 'video configuration 0', ''],
    ['colours, as ffmpeg 8.1 sends them', `d4 ${cc('hvc1')} 02`, 'other', 'video colours 0', ''],
    ['a seek command', `d1 00`, 'other', undefined, ''],
    [
      'one track, the default',
      `96 00 ${cc('hvc1')} 00 aa`,
      'sequence-start',
      'video configuration 0',
      `90${cc('hvc1')}aa`,
    ],
    ['one track, another', `96 00 ${cc('hvc1')} 01 aa`, 'other', 'video configuration 1', ''],
    ['frames of another track', `96 01 ${cc('hvc1')} 01 000000 aa`, 'other', undefined, ''],
    ['colours of another track', `96 04 ${cc('hvc1')} 02 aa`, 'other', 'video colours 2', ''],
    [
      'many tracks',
      `96 10 ${cc('hvc1')} 00 000001 aa 01 000002 bbbb`,
      'sequence-start',
      'video configuration 0+1',
      `90${cc('hvc1')}aa`,
    ],
    [
      'many tracks, the default last',
      `a6 13 ${cc('av01')} 01 000002 bbbb 00 000001 aa`,
      'frame',
      undefined,
      `a3${cc('av01')}aa`,
    ],
    [
      'many tracks and codecs',
      `96 20 ${cc('av01')} 01 000002 bbbb ${cc('hvc1')} 00 000001 aa`,
      'sequence-start',
      'video configuration 1+0',
      `90${cc('hvc1')}aa`,
    ],
    [
      'AVC, played as every player knows it',
      `90 ${cc('avc1')} 01`,
      'sequence-start',
      'video configuration 0',
      '170000000001',
    ],
    ['AVC frames', `a1 ${cc('avc1')} ffffff aa`, 'frame', undefined, '2701ffffffaa'],
    [
      'AVC of the default track of many',
      `a6 13 ${cc('avc1')} 00 000001 aa 01 000001 bb`,
      'frame',
      undefined,
      '2701000000aa',
    ],
    ['a nanosecond offset', `97 02 0003e8 01 ${cc('av01')} aa`, 'frame', undefined, `91${cc('av01')}aa`],
    ['a modifier nobody knows', `97 00 ff f1 ${cc('av01')} aa`, 'frame', undefined, `91${cc('av01')}aa`],
    [
      'modifiers in a row, then tracks',
      `97 00 ff f7 02 000001 06 01 ${cc('av01')} 00 aa`,
      'frame',
      undefined,
      `91${cc('av01')}aa`,
    ],
    [
      'a modifier of 256 bytes',
      `97 ff 00ff ${'00'.repeat(256)} 13 ${cc('hvc1')} aa`,
      'frame',
      undefined,
      `93${cc('hvc1')}aa`,
    ],
  ])('%s', (_, bytes, packet, kept, plain) => {
    const body = hex(bytes)
    expect(readVideoTag(body)?.packet).toBe(packet)
    expect(readStanding(VIDEO, body)?.key).toBe(kept)
    expect(played(VIDEO, body)).toBe(plain)
  })

  it.each([
    ['cut within the FourCC', '90 687663'],
    ['tracks within tracks', `96 06 ${cc('hvc1')} 00 aa`],
    ['a modifier within tracks', `96 07 ${cc('hvc1')} 00 aa`],
    ['an unknown layout', `96 30 ${cc('hvc1')} 00 aa`],
    ['tracks without one', `96 10 ${cc('hvc1')}`],
    ['a modifier longer than the message', '97 ff ffff 00'],
    ['frames cut within their offset', `91 ${cc('hvc1')} 0000`],
  ])('%s is not read, and not played', (_, bytes) => {
    const body = hex(bytes)
    expect(readVideoTag(body)).toBeUndefined()
    expect(readStanding(VIDEO, body)).toBeUndefined()
    expect(defaultTrackBody(VIDEO, body)).toBeUndefined()
  })

  it('as id 12 or 7 of old passes as it is', () => {
    for (const body of [hex('1c 00 000000 01'), hex('17 01 000000 aa'), hex('57 00')])
      expect(played(VIDEO, body)).toBe('same')
    expect(readStanding(VIDEO, hex('1c 00 000000 01'))).toEqual({
      key: 'video configuration 0',
      configuration: true,
    })
  })
})

describe('enhanced audio', () => {
  it.each([
    ['Opus', 'opus'],
    ['fLaC', 'flac'],
    ['ac-3', 'ac3'],
    ['ec-3', 'eac3'],
    ['.mp3', 'mp3'],
    ['mp4a', 'aac'],
    ['xxxx', 'unknown'],
  ])('%s is %s, its start, frames and end', (fourCc, codec) => {
    expect(readAudioTag(hex(`90 ${cc(fourCc)} 01`))).toMatchObject({ codec, packet: 'sequence-start' })
    expect(readAudioTag(hex(`91 ${cc(fourCc)} aa`))).toMatchObject({ codec, packet: 'frame', dataOffset: 5 })
    expect(readAudioTag(hex(`92 ${cc(fourCc)}`))).toMatchObject({ codec, packet: 'sequence-end' })
    expect(readStanding(AUDIO, hex(`90 ${cc(fourCc)}`))?.key).toBe('audio configuration 0')
  })

  it.each<[string, string, string, string | undefined, string]>([
    ['Opus', `91 ${cc('Opus')} aa`, 'frame', undefined, 'same'],
    ['a channel layout', `94 ${cc('Opus')} 0102`, 'other', 'audio channels 0', ''],
    [
      'AAC, played as every player knows it',
      `90 ${cc('mp4a')} 1190`,
      'sequence-start',
      'audio configuration 0',
      'af001190',
    ],
    ['AAC frames', `91 ${cc('mp4a')} aa`, 'frame', undefined, 'af01aa'],
    ['one track, another', `95 00 ${cc('mp4a')} 03 1190`, 'other', 'audio configuration 3', ''],
    ['its layout', `95 04 ${cc('mp4a')} 03 0101`, 'other', 'audio channels 3', ''],
    ['many tracks', `95 11 ${cc('Opus')} 01 000001 bb 00 000001 aa`, 'frame', undefined, `91${cc('Opus')}aa`],
    [
      'many tracks and codecs',
      `95 20 ${cc('mp4a')} 00 000002 1190 ${cc('Opus')} 01 000001 bb`,
      'sequence-start',
      'audio configuration 0+1',
      'af001190',
    ],
    ['a nanosecond offset', `97 02 0003e8 01 ${cc('fLaC')} aa`, 'frame', undefined, `91${cc('fLaC')}aa`],
  ])('%s', (_, bytes, packet, kept, plain) => {
    const body = hex(bytes)
    expect(readAudioTag(body)?.packet).toBe(packet)
    expect(readStanding(AUDIO, body)?.key).toBe(kept)
    expect(played(AUDIO, body)).toBe(plain)
  })
})

describe('several tracks in a message', () => {
  it('are told apart, each with its codec and its bytes', () => {
    const body = hex(
      `96 21 ${cc('av01')} 01 000002 bbbb ${cc('hvc1')} 00 000003 000000 ${cc('vp09')} 07 000009 cc`,
    )
    expect(readEnhancedPacket(body, 6)).toEqual({
      type: 1,
      offsetNs: 0,
      multitrack: true,
      tracks: [
        { id: 1, fourCc: 'av01', start: 10, end: 12 },
        { id: 0, fourCc: 'hvc1', start: 20, end: 23 },
        { id: 7, fourCc: 'vp09', start: 31, end: 32 },
      ],
    })
  })
  it('carry the offset of the message, at most a millisecond', () => {
    expect(readEnhancedPacket(hex(`97 02 0f423f 01 ${cc('av01')}`), 6)?.offsetNs).toBe(999_999)
    expect(readEnhancedPacket(hex(`97 02 ffffff 01 ${cc('av01')}`), 6)?.offsetNs).toBe(999_999)
    expect(readEnhancedPacket(hex(`97 02 0f423f 11 ${cc('av01')}`), 6)?.offsetNs).toBe(0)
    expect(readEnhancedPacket(hex(`97 01 0f42 01 ${cc('av01')}`), 6)?.offsetNs).toBe(0)
  })
  it('are 256 at most, however many are announced', () => {
    const body = Buffer.concat([hex(`96 11 ${cc('av01')}`), Buffer.alloc(4 * 100_000)])
    expect(readEnhancedPacket(body, 6)?.tracks.length).toBe(256)
  })
})

it('any bytes are read or not; what is played is read as what was sent', () => {
  const head = fc.constantFrom(0x90, 0x91, 0x93, 0x94, 0x95, 0x96, 0x97, 0xa1, 0xa6, 0xd4, 0xd6)
  const bytes = fc
    .tuple(head, fc.uint8Array({ maxLength: 60 }))
    .map(([first, rest]) => Buffer.of(first, ...rest))
  const withCodec = fc
    .tuple(head, fc.constantFrom('00', '01', '10', '11', '20', '21'), fc.uint8Array({ maxLength: 30 }))
    .map(([first, layout, rest]) => Buffer.concat([hex(`${first.toString(16)}${layout}${cc('av01')}`), rest]))
  fc.assert(
    fc.property(fc.oneof(bytes, withCodec), (body) => {
      for (const [type, read] of [
        [VIDEO, readVideoTag],
        [AUDIO, readAudioTag],
      ] as const) {
        const before = read(body)
        readStanding(type, body)
        const plain = defaultTrackBody(type, body)
        if (before && before.dataEnd < before.dataOffset) throw new Error('ends before it begins')
        if (!before || !plain || plain === body || before.codec === 'unknown') continue
        const after = read(plain)
        expect(after?.packet).toBe(before.packet)
        expect(after?.codec).toBe(before.codec)
        expect(Buffer.from(plain.subarray(after?.dataOffset, after?.dataEnd))).toEqual(
          body.subarray(before.dataOffset, before.dataEnd),
        )
      }
    }),
    { numRuns: 3000 },
  )
})
