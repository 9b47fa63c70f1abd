import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AmfValue, encodeAmf0Values } from '../../../../src/formats/amf0.ts'
import { MalformedError } from '../../../../src/formats/bytes/malformed-error.ts'
import { readCommand } from '../../../../src/formats/rtmp/command-message.ts'

const read = (...values: AmfValue[]) => readCommand(20, encodeAmf0Values(values))

describe('commands', () => {
  it.each<[string, AmfValue[], object]>([
    [
      'connect',
      [
        'connect',
        1,
        { app: 'live', flashVer: 'FMLE/3.0', tcUrl: 'rtmp://x/live', fourCcList: ['hvc1', 7, 'av01'] },
      ],
      {
        kind: 'connect',
        transactionId: 1,
        app: 'live',
        encoder: 'FMLE/3.0',
        enhanced: { reconnect: false, multitrack: false },
      },
    ],
    [
      'connect without tcUrl, flashVer or capabilities',
      ['connect', 1, { app: 'live' }],
      { kind: 'connect', transactionId: 1, app: 'live', encoder: '', enhanced: undefined },
    ],
    [
      'connect with a number as app',
      ['connect', 1, { app: 42 }],
      { kind: 'connect', transactionId: 1, app: '42', encoder: '', enhanced: undefined },
    ],
    [
      'connect with capabilities',
      ['connect', 1, { app: 'live', capsEx: 0x0f }],
      {
        kind: 'connect',
        transactionId: 1,
        app: 'live',
        encoder: '',
        enhanced: { reconnect: true, multitrack: true },
      },
    ],
    [
      'connect with codecs alone',
      ['connect', 1, { app: 'live', videoFourCcInfoMap: { '*': 7 }, capsEx: 'x' }],
      {
        kind: 'connect',
        transactionId: 1,
        app: 'live',
        encoder: '',
        enhanced: { reconnect: false, multitrack: false },
      },
    ],
    [
      'receiveAudio',
      ['receiveAudio', 0, null, false],
      { kind: 'receive', transactionId: 0, medium: 'audio', wanted: false },
    ],
    [
      'receiveVideo',
      ['receiveVideo', 3, null, true],
      { kind: 'receive', transactionId: 3, medium: 'video', wanted: true },
    ],
    ['seek', ['seek', 0, null, 1000], { kind: 'seek', transactionId: 0 }],
    ['play2', ['play2', 0, null, { streamName: 'x' }], { kind: 'play2', transactionId: 0 }],
    [
      'connect without its object',
      ['connect', 1],
      { kind: 'connect', transactionId: 1, app: '', encoder: '', enhanced: undefined },
    ],
    [
      'connect with another connect inside',
      ['connect', 1, { app: { app: { app: 'live' } } }],
      { kind: 'connect', transactionId: 1, app: '', encoder: '', enhanced: undefined },
    ],
    [
      'releaseStream',
      ['releaseStream', 2, null, 'key'],
      { kind: 'release-stream', transactionId: 2, streamName: 'key' },
    ],
    ['FCPublish', ['FCPublish', 3, null, 'key'], { kind: 'fc-publish', transactionId: 3, streamName: 'key' }],
    ['createStream', ['createStream', 4, null], { kind: 'create-stream', transactionId: 4 }],
    [
      'publish',
      ['publish', 5, null, 'key', 'live'],
      { kind: 'publish', transactionId: 5, streamName: 'key' },
    ],
    ['publish without a name', ['publish', 5, null], { kind: 'publish', transactionId: 5, streamName: '' }],
    ['publish(false)', ['publish', 0, null, false], { kind: 'close-stream', transactionId: 0 }],
    ['play', ['play', 0, null, 'channel', -2000], { kind: 'play', transactionId: 0, streamName: 'channel' }],
    ['play(false)', ['play', 0, null, false], { kind: 'close-stream', transactionId: 0 }],
    ['pause', ['pause', 0, null, true, 1234], { kind: 'pause', transactionId: 0, paused: true }],
    ['deleteStream', ['deleteStream', 0, null, 1], { kind: 'delete-stream', transactionId: 0, streamId: 1 }],
    ['closeStream', ['closeStream', 0, null], { kind: 'close-stream', transactionId: 0 }],
    [
      'FCUnpublish',
      ['FCUnpublish', 6, null, 'key'],
      { kind: 'fc-unpublish', transactionId: 6, streamName: 'key' },
    ],
    ['what is not known', ['_checkbw', 7, null], { kind: 'other', transactionId: 7, name: '_checkbw' }],
    ['a missing transaction id', ['createStream'], { kind: 'create-stream', transactionId: 0 }],
  ])('reads %s', (_, values, command) => {
    expect(readCommand(20, encodeAmf0Values(values))).toEqual(command)
  })

  it('reads AMF0 behind the zero byte of an AMF3 message', () => {
    const body = Buffer.concat([Buffer.of(0), encodeAmf0Values(['createStream', 4, null])])
    expect(readCommand(17, body)).toEqual({ kind: 'create-stream', transactionId: 4 })
  })
  it('reads AMF3 values in an AMF3 message: an object of properties, a name', () => {
    const name = Buffer.from('1106076b6579', 'hex')
    const call = encodeAmf0Values(['publish', 5, null])
    expect(readCommand(17, Buffer.concat([Buffer.of(0), call, name]))).toMatchObject({
      kind: 'publish',
      streamName: 'key',
    })
    const connect = encodeAmf0Values(['connect', 1])
    // {app: "live", objectEncoding: 3}
    const object = Buffer.from(
      '110a0b01' + '07617070' + '06096c697665' + '1d6f626a656374456e636f64696e67' + '040301',
      'hex',
    )
    expect(readCommand(17, Buffer.concat([Buffer.of(0), connect, object]))).toMatchObject({
      kind: 'connect',
      app: 'live',
    })
  })
  it('keeps a name of 300 characters, for the session to refuse', () => {
    expect(read('publish', 5, null, 'n'.repeat(300))).toMatchObject({ streamName: 'n'.repeat(300) })
  })
  it('refuses a command without a name', () => {
    expect(() => read(1, 2)).toThrow(MalformedError)
    expect(() => readCommand(20, Buffer.alloc(0))).toThrow(MalformedError)
  })
  it('throws nothing but MalformedError on random bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(17, 20), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
        try {
          readCommand(type, bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
