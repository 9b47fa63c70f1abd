/** What a connection promises its peer: each row is what came last, after what, and everything that is done and said then. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AmfValue, encodeAmf0Values, readAmf0Values } from '../../../src/formats/amf0.ts'
import { type Command, readCommand } from '../../../src/formats/rtmp/command-message.ts'
import { OPENING, step } from '../../../src/ingest/session.ts'
import type {
  SessionEffect,
  SessionEvent,
  SessionState,
  StreamEvent,
} from '../../../src/ingest/session-state.ts'

/** A command as a peer sends it, on a message stream. */
const say = (streamId: number, ...values: readonly AmfValue[]): SessionEvent => ({
  kind: 'command',
  streamId,
  command: readCommand(20, encodeAmf0Values(values)),
})
const on = (streamId: number, event: StreamEvent): SessionEvent => ({ kind: 'stream', streamId, event })

const connect = say(0, 'connect', 1, { app: 'live', flashVer: 'FMLE/3.0' })
const enhanced = say(0, 'connect', 1, { app: 'live', flashVer: 'x', fourCcList: ['hvc1'], capsEx: 3 })
const createStream = say(0, 'createStream', 4, null)
const publish = (streamId = 1, name: AmfValue = 'key') => say(streamId, 'publish', 5, null, name, 'live')
const play = (streamId = 1, name: AmfValue = 'channel') => say(streamId, 'play', 0, null, name, -2000)
const admitted = (streamId = 1) => on(streamId, { kind: 'publish-admitted' })
const allowed = (streamId = 1) => on(streamId, { kind: 'play-allowed', streamName: 'channel' })
const live = (streamId = 1) => on(streamId, { kind: 'stream-live' })
const over = (streamId = 1) => on(streamId, { kind: 'stream-over', reason: 'Over.' })
const stopped = (ending: 'taken-over' | 'draining' | 'disk' | 'suspended', streamId = 1) =>
  on(streamId, { kind: 'publish-stopped', ending, reason: 'Because.' })
const closeStream = (streamId = 1) => say(streamId, 'closeStream', 0, null)
const deleteStream = (streamId: AmfValue) => say(0, 'deleteStream', 0, null, streamId)

const ON_AIR = [connect, createStream, publish(), admitted()]
const ENDED = on(1, { kind: 'publish-ended', reason: 'The broadcast was ended.' })
const WAITING = [connect, createStream, play(), allowed()]
const PLAYING = [...WAITING, live()]
const TWO_ON_AIR = [...ON_AIR, createStream, publish(2, 'other'), admitted(2)]
const BOTH = [...ON_AIR, createStream, play(2), allowed(2), live(2)]

/** Runs the events from the beginning; gives the last state and what the last event caused. */
function run(events: readonly SessionEvent[]): { state: SessionState; effects: readonly SessionEffect[] } {
  let state: SessionState = OPENING
  let effects: readonly SessionEffect[] = []
  for (const event of events) [state, effects] = step(state, event)
  return { state, effects }
}

/** Message streams and what they are used for; a connection without any is as it is. */
function phases(state: SessionState): string {
  if (state.phase !== 'connected' || state.streams.size === 0) return state.phase
  return [...state.streams].map(([streamId, { phase }]) => `${streamId} ${phase}`).join(', ')
}

const CONTROL: Record<number, string> = { 1: 'chunk size', 4: 'user control', 5: 'window', 6: 'bandwidth' }

/** Effects in short: what is sent as its type, or its command's name, code and level. */
function told(effects: readonly SessionEffect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.kind === 'close') return [effect.fault ? 'close: fault' : 'close']
    if (effect.kind === 'end-publish') return [`end-publish ${effect.streamId}: ${effect.ending}`]
    if (effect.kind !== 'send')
      return ['streamId' in effect ? `${effect.kind} ${effect.streamId}` : effect.kind]
    return effect.messages.map(({ type, streamId, body }) => {
      if (type !== 20) return `${CONTROL[type]}`
      const [name, transaction, , info] = readAmf0Values(body)
      const { code, level } = (info ?? {}) as { code?: string; level?: string }
      if (!code) return `${name} to ${transaction}`
      const where = name === 'onStatus' ? `on ${streamId}` : `to ${transaction}`
      return `${name} ${where}: ${level} ${code.replace('NetConnection', 'NC').replace('NetStream', 'NS')}`
    })
  })
}

type Row = [what: string, events: readonly SessionEvent[], phase: string, told: readonly string[]]

describe('connecting', () => {
  it.each<Row>([
    [
      'is answered with window, bandwidth, chunk size and success, in this order',
      [connect],
      'connected',
      ['window', 'bandwidth', 'chunk size', '_result to 1: status NC.Connect.Success'],
    ],
    ['must come first: publish', [publish()], 'closed', ['close: fault']],
    ['must come first: createStream', [createStream], 'closed', ['close: fault']],
    [
      'must come once',
      [connect, connect],
      'closed',
      ['_error to 1: error NC.Connect.Rejected', 'close: fault'],
    ],
    [
      'to an application that there can not be is refused',
      [say(0, 'connect', 1, { app: 'a'.repeat(600) })],
      'closed',
      ['_error to 1: error NC.Connect.InvalidApp', 'close: fault'],
    ],
    [
      'without tcUrl, or with a number for a name, is good enough',
      [say(0, 'connect', 1, { app: 7 })],
      'connected',
      ['window', 'bandwidth', 'chunk size', '_result to 1: status NC.Connect.Success'],
    ],
    ['gives each stream an id', [connect, createStream], 'connected', ['_result to 4']],
    ['16 streams', [connect, ...Array<SessionEvent>(16).fill(createStream)], 'connected', ['_result to 4']],
    [
      'and not 17',
      [connect, ...Array<SessionEvent>(17).fill(createStream)],
      'connected',
      ['_error to 4: error NC.Call.Failed'],
    ],
    [
      'commands nobody knows are answered',
      [connect, say(0, '_checkbw', 7, null)],
      'connected',
      ['_result to 7'],
    ],
    ['and not when no answer is asked for', [connect, say(0, 'what', 0, null)], 'connected', []],
    ['releaseStream', [connect, say(0, 'releaseStream', 2, null, 'key')], 'connected', ['_result to 2']],
    ['FCPublish', [connect, say(0, 'FCPublish', 3, null, 'key')], 'connected', ['_result to 3']],
    [
      'getStreamLength',
      [connect, say(0, 'getStreamLength', 3, null, 'channel')],
      'connected',
      ['_result to 3'],
    ],
    [
      'FCUnpublish of nothing',
      [connect, say(0, 'FCUnpublish', 3, null, 'key')],
      'connected',
      ['_result to 3'],
    ],
    ['deleteStream of nothing', [connect, deleteStream(1)], 'connected', []],
    [
      'and asking for nothing is told why it ends',
      [connect, { kind: 'idle' }],
      'closed',
      ['onStatus on 0: status NC.Connect.Closed', 'close'],
    ],
    [
      'is told when the server stops',
      [connect, { kind: 'draining', reason: 'Restart.' }],
      'closed',
      ['onStatus on 0: error NC.Connect.AppShutdown', 'close'],
    ],
  ])('%s', (_, events, phase, expected) => {
    const { state, effects } = run(events)
    expect(told(effects)).toEqual(expected)
    expect(phases(state)).toBe(phase)
  })

  it('tells who speaks Enhanced RTMP what is taken, in both objects of the answer, and nobody else', () => {
    const answerTo = (event: SessionEvent) => {
      const [effect] = run([event]).effects
      const [, , properties, info] =
        effect?.kind === 'send' ? readAmf0Values(effect.messages[3]?.body ?? Buffer.of()) : []
      return { properties, info } as Record<'properties' | 'info', Record<string, AmfValue>>
    }
    const { properties, info } = answerTo(enhanced)
    for (const said of [properties, info]) {
      expect(said.fourCcList).toEqual([
        ...['avc1', 'hvc1', 'av01', 'vp09', 'vp08', 'vvc1'],
        ...['mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', '.mp3'],
      ])
      // CanForward: of everything.
      expect(said.videoFourCcInfoMap).toMatchObject({ '*': 4, hvc1: 4, av01: 4, vp09: 4 })
      expect(said.audioFourCcInfoMap).toMatchObject({ '*': 4, Opus: 4, fLaC: 4, 'ac-3': 4 })
      // Reconnect, Multitrack, ModEx.
      expect(said.capsEx).toBe(7)
    }
    expect(info).toMatchObject({ objectEncoding: 0 })
    for (const key of ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'])
      expect(answerTo(connect).info).not.toHaveProperty(key)
  })
})

describe('publishing', () => {
  const denied = ['onStatus on 1: error NS.Publish.Denied', 'close']
  const refused = (inUse: boolean) => on(1, { kind: 'publish-refused', reason: 'No.', inUse })
  const ended = 'onStatus on 1: status NS.Unpublish.Success'
  const rounds = (count: number) =>
    Array.from({ length: count }, () => [publish(), admitted(), closeStream()]).flat()

  it.each<Row>([
    [
      'asks the gate before anything is said',
      [connect, createStream, publish()],
      '1 asking',
      ['ask-publish 1'],
    ],
    [
      'starts',
      ON_AIR,
      '1 publishing',
      ['allow-media', 'user control', 'onStatus on 1: status NS.Publish.Start'],
    ],
    [
      'on stream 0, which nobody created, starts too',
      [connect, publish(0), admitted(0)],
      '0 publishing',
      ['allow-media', 'user control', 'onStatus on 0: status NS.Publish.Start'],
    ],
    ['is refused with the reason', [connect, createStream, publish(), refused(false)], 'closed', denied],
    [
      'what somebody else publishes is refused as that',
      [connect, createStream, publish(), refused(true)],
      'closed',
      ['onStatus on 1: error NS.Publish.BadName', 'close'],
    ],
    ['without a key is refused without asking', [connect, createStream, publish(1, '')], 'closed', denied],
    ['with a query for a key too', [connect, createStream, publish(1, '?x=y')], 'closed', denied],
    ['with an absurd key too', [connect, createStream, publish(1, 'n'.repeat(300))], 'closed', denied],
    [
      'ends with FCUnpublish',
      [...ON_AIR, say(0, 'FCUnpublish', 6, null, 'key')],
      'connected',
      ['end-publish 1: unpublished', ended, '_result to 6'],
    ],
    [
      'of whatever name',
      [...ON_AIR, say(0, 'FCUnpublish', 0, null, 'x')],
      'connected',
      ['end-publish 1: unpublished', ended],
    ],
    [
      'ends with deleteStream',
      [...ON_AIR, deleteStream(1)],
      'connected',
      ['end-publish 1: unpublished', ended],
    ],
    [
      'which may name no stream',
      [...ON_AIR, deleteStream(0)],
      'connected',
      ['end-publish 1: unpublished', ended],
    ],
    ['ends with closeStream', [...ON_AIR, closeStream()], 'connected', ['end-publish 1: unpublished', ended]],
    [
      'ends with publish(false)',
      [...ON_AIR, publish(1, false)],
      'connected',
      ['end-publish 1: unpublished', ended, '_result to 5'],
    ],
    ['ends once', [...ON_AIR, say(0, 'FCUnpublish', 0, null, 'key'), deleteStream(1)], 'connected', []],
    [
      'on stream 0 ends with the deletion of the one created',
      [connect, publish(0), admitted(0), deleteStream(1)],
      'connected',
      ['end-publish 0: unpublished', 'onStatus on 0: status NS.Unpublish.Success'],
    ],
    ['goes on when another stream is deleted', [...ON_AIR, deleteStream(2)], '1 publishing', []],
    ['may begin again', [...ON_AIR, closeStream(), publish()], '1 asking', ['ask-publish 1']],
    [
      'a second time on its stream is the end of both',
      [...ON_AIR, publish(1, 'other')],
      'closed',
      ['end-publish 1: protocol-error', ...denied],
    ],
    [
      '16 times on a connection',
      [connect, createStream, ...rounds(16)],
      'connected',
      ['end-publish 1: unpublished', ended],
    ],
    ['and not 17 times', [connect, createStream, ...rounds(16), publish()], 'closed', denied],
    [
      'taken over by another encoder',
      [...ON_AIR, stopped('taken-over')],
      'closed',
      ['onStatus on 1: error NS.Publish.BadName', 'close'],
    ],
    ['stopped by an administrator', [...ON_AIR, stopped('suspended')], 'closed', denied],
    [
      'stopped by the disk',
      [...ON_AIR, stopped('disk')],
      'closed',
      ['onStatus on 1: error NS.Failed', 'close'],
    ],
    [
      'stopped by a restart',
      [...ON_AIR, stopped('draining')],
      'closed',
      ['onStatus on 0: error NC.Connect.AppShutdown', 'close'],
    ],
    [
      'when the server stops',
      [...ON_AIR, { kind: 'draining', reason: 'Restart.' }],
      'closed',
      ['end-publish 1: draining', 'onStatus on 0: error NC.Connect.AppShutdown', 'close'],
    ],
    ['ended by its creator is thrown away in silence', [...ON_AIR, ENDED], '1 discarding', []],
    ['and may say goodbye', [...ON_AIR, ENDED, closeStream()], 'connected', ['end-discard 1', ended]],
    ['begin again with that', [...ON_AIR, ENDED, closeStream(), publish()], '1 asking', ['ask-publish 1']],
    ['or without', [...ON_AIR, ENDED, publish()], '1 asking', ['end-discard 1', 'ask-publish 1']],
    [
      'is thrown away from the start when it came back by itself',
      [connect, createStream, publish(), on(1, { kind: 'publish-unheard' })],
      '1 discarding',
      ['allow-media', 'user control', 'onStatus on 1: status NS.Publish.Start'],
    ],
  ])('%s', (_, events, phase, expected) => {
    const { state, effects } = run(events)
    expect(told(effects)).toEqual(expected)
    expect(phases(state)).toBe(phase)
  })

  it('asks with what the encoder sent, the query taken off, and says the reason of a refusal', () => {
    expect(run([connect, createStream, publish(1, 'key?x=y')]).effects).toEqual([
      { kind: 'ask-publish', streamId: 1, app: 'live', streamKey: 'key', encoder: 'FMLE/3.0' },
    ])
    const [effect] = run([connect, createStream, publish(), refused(false)]).effects
    const [, , , info] =
      effect?.kind === 'send' ? readAmf0Values(effect.messages[0]?.body ?? Buffer.of()) : []
    expect(info).toEqual({ level: 'error', code: 'NetStream.Publish.Denied', description: 'No.' })
  })
})

describe('playing', () => {
  const started = [
    'user control',
    'onStatus on 1: status NS.Play.Reset',
    'onStatus on 1: status NS.Play.Start',
    'start-play 1',
  ]
  it.each<Row>([
    ['asks who may watch', [connect, createStream, play()], '1 asking', ['ask-play 1']],
    ['waits for the stream', WAITING, '1 waiting', ['await-stream 1']],
    ['starts', PLAYING, '1 playing', started],
    [
      'what is not live',
      [...WAITING, on(1, { kind: 'stream-absent' })],
      'closed',
      ['onStatus on 1: error NS.Play.StreamNotFound', 'close'],
    ],
    [
      'nothing',
      [connect, createStream, play(1, '')],
      'closed',
      ['onStatus on 1: error NS.Play.StreamNotFound', 'close'],
    ],
    [
      'a name of 300 characters',
      [connect, createStream, play(1, 'n'.repeat(300))],
      'closed',
      ['onStatus on 1: error NS.Play.StreamNotFound', 'close'],
    ],
    [
      'what may not be watched',
      [connect, createStream, play(), on(1, { kind: 'play-refused', reason: 'No.' })],
      'closed',
      ['onStatus on 1: error NS.Play.Failed', 'close'],
    ],
    ['on a stream nobody could have created', [connect, play(17)], 'closed', ['close: fault']],
    [
      'to the end of the broadcast',
      [...PLAYING, over()],
      'closed',
      ['user control', 'onStatus on 1: status NS.Play.UnpublishNotify', 'close'],
    ],
    [
      'pauses',
      [...PLAYING, say(1, 'pause', 0, null, true, 40)],
      '1 playing',
      ['pause-play 1', 'onStatus on 1: status NS.Pause.Notify'],
    ],
    [
      'goes on',
      [...PLAYING, say(1, 'pause', 8, null, false, 40)],
      '1 playing',
      ['pause-play 1', 'onStatus on 1: status NS.Unpause.Notify', '_result to 8'],
    ],
    [
      'cannot pause before it plays',
      [...WAITING, say(1, 'pause', 8, null, true, 0)],
      '1 waiting',
      ['_error to 8: error NS.Pause.Failed'],
    ],
    [
      'cannot seek',
      [...PLAYING, say(1, 'seek', 0, null, 5000)],
      '1 playing',
      ['onStatus on 1: error NS.Seek.Failed'],
    ],
    [
      'and says so to who asks for an answer',
      [...PLAYING, say(1, 'seek', 9, null, 5000)],
      '1 playing',
      ['onStatus on 1: error NS.Seek.Failed', '_error to 9: error NS.Seek.Failed'],
    ],
    [
      'cannot change the quality',
      [...PLAYING, say(1, 'play2', 0, null, { streamName: 'x' })],
      '1 playing',
      ['onStatus on 1: error NS.Play.Failed'],
    ],
    ['without sound', [...PLAYING, say(1, 'receiveAudio', 0, null, false)], '1 playing', ['receive 1']],
    ['without picture', [...PLAYING, say(1, 'receiveVideo', 0, null, false)], '1 playing', ['receive 1']],
    [
      'with both again',
      [...PLAYING, say(1, 'receiveVideo', 0, null, true)],
      '1 playing',
      ['onStatus on 1: status NS.Seek.Notify', 'onStatus on 1: status NS.Play.Start', 'receive 1'],
    ],
    ['another stream in its place', [...PLAYING, play(1, 'other')], '1 asking', ['end-play 1', 'ask-play 1']],
    ['where one publishes', [...ON_AIR, play()], '1 publishing', ['onStatus on 1: error NS.Play.Failed']],
    ['ends with closeStream', [...PLAYING, closeStream()], 'connected', ['end-play 1']],
    ['ends with deleteStream', [...PLAYING, deleteStream(1)], 'connected', ['end-play 1']],
    ['ends with play(false)', [...PLAYING, play(1, false)], 'connected', ['end-play 1']],
    ['ends while it waits', [...WAITING, closeStream()], 'connected', ['end-play 1']],
    [
      'hears nothing of a stream that comes alive too late',
      [...WAITING, closeStream(), live()],
      'connected',
      [],
    ],
    ['goes on with FCUnpublish', [...PLAYING, say(0, 'FCUnpublish', 0, null, 'x')], '1 playing', []],
    [
      'when the server stops',
      [...PLAYING, { kind: 'draining', reason: 'Restart.' }],
      'closed',
      ['end-play 1', 'onStatus on 0: error NC.Connect.AppShutdown', 'close'],
    ],
  ])('%s', (_, events, phase, expected) => {
    const { state, effects } = run(events)
    expect(told(effects)).toEqual(expected)
    expect(phases(state)).toBe(phase)
  })

  it('hears that what is live has no length', () => {
    const [effect] = run([connect, say(0, 'getStreamLength', 3, null, 'channel')]).effects
    expect(effect?.kind === 'send' && readAmf0Values(effect.messages[0]?.body ?? Buffer.of())).toEqual([
      '_result',
      3,
      null,
      0,
    ])
  })

  it('gets every track when it said that it knows tracks, else the default one', () => {
    const start = (opening: SessionEvent) =>
      run([opening, createStream, play(), allowed(), live()]).effects.find(
        ({ kind }) => kind === 'start-play',
      )
    expect(start(connect)).toMatchObject({ streamName: 'channel', allTracks: false })
    expect(start(enhanced)).toMatchObject({ streamName: 'channel', allTracks: true })
  })
})

describe('several streams on a connection', () => {
  it.each<Row>([
    [
      'two are published',
      TWO_ON_AIR,
      '1 publishing, 2 publishing',
      ['allow-media', 'user control', 'onStatus on 2: status NS.Publish.Start'],
    ],
    [
      'one is published and one played',
      BOTH,
      '1 publishing, 2 playing',
      [
        'user control',
        'onStatus on 2: status NS.Play.Reset',
        'onStatus on 2: status NS.Play.Start',
        'start-play 2',
      ],
    ],
    [
      'one ends, the other goes on',
      [...TWO_ON_AIR, deleteStream(1)],
      '2 publishing',
      ['end-publish 1: unpublished', 'onStatus on 1: status NS.Unpublish.Success'],
    ],
    [
      'FCUnpublish ends the one it names',
      [...TWO_ON_AIR, say(0, 'FCUnpublish', 0, null, 'other')],
      '1 publishing',
      ['end-publish 2: unpublished', 'onStatus on 2: status NS.Unpublish.Success'],
    ],
    [
      'and none when it names neither',
      [...TWO_ON_AIR, say(0, 'FCUnpublish', 0, null, 'x')],
      '1 publishing, 2 publishing',
      [],
    ],
    [
      'a goodbye that names none means all',
      [...BOTH, closeStream(0)],
      'connected',
      ['end-publish 1: unpublished', 'onStatus on 1: status NS.Unpublish.Success', 'end-play 2'],
    ],
    [
      'a refusal of one leaves the other',
      [...ON_AIR, createStream, publish(2), on(2, { kind: 'publish-refused', reason: 'No.' })],
      '1 publishing',
      ['onStatus on 2: error NS.Publish.Denied'],
    ],
    [
      'so does a takeover',
      [...TWO_ON_AIR, stopped('taken-over', 2)],
      '1 publishing',
      ['onStatus on 2: error NS.Publish.BadName'],
    ],
    [
      'and the end of what is played',
      [...BOTH, over(2)],
      '1 publishing',
      ['user control', 'onStatus on 2: status NS.Play.UnpublishNotify'],
    ],
    [
      'the last of them to be refused closes',
      [...TWO_ON_AIR, stopped('taken-over', 2), stopped('taken-over', 1)],
      'closed',
      ['onStatus on 1: error NS.Publish.BadName', 'close'],
    ],
    [
      'all end when the server stops',
      [...BOTH, { kind: 'draining', reason: 'Restart.' }],
      'closed',
      ['end-publish 1: draining', 'end-play 2', 'onStatus on 0: error NC.Connect.AppShutdown', 'close'],
    ],
  ])('%s', (_, events, phase, expected) => {
    const { state, effects } = run(events)
    expect(told(effects)).toEqual(expected)
    expect(phases(state)).toBe(phase)
  })
})

describe('a reconnect request', () => {
  const moving = { kind: 'moving', reason: 'Restart.' } as const
  const air = [enhanced, createStream, publish(), admitted()]
  it.each<Row>([
    [
      'goes to who said it can',
      [...air, moving],
      '1 publishing',
      ['onStatus on 0: status NC.Connect.ReconnectRequest'],
    ],
    ['once', [...air, moving, moving], '1 publishing', []],
    [
      'to players as well',
      [enhanced, createStream, play(), allowed(), live(), moving],
      '1 playing',
      ['onStatus on 0: status NC.Connect.ReconnectRequest'],
    ],
    ['not to who did not', [...ON_AIR, moving], '1 publishing', []],
    [
      'makes a goodbye no end of the broadcast',
      [...air, moving, deleteStream(1)],
      'connected',
      ['end-publish 1: draining', 'onStatus on 1: status NS.Unpublish.Success'],
    ],
  ])('%s', (_, events, phase, expected) => {
    const { state, effects } = run(events)
    expect(told(effects)).toEqual(expected)
    expect(phases(state)).toBe(phase)
  })
})

describe('any events in any order', () => {
  const streamId = fc.constantFrom(0, 1, 2, 3)
  const transactionId = fc.constantFrom(0, 5)
  const streamName = fc.constantFrom('', 'key', 'key?x', 'n'.repeat(300))
  const commands: fc.Arbitrary<Command> = fc.oneof(
    fc.record({
      kind: fc.constant('connect' as const),
      transactionId,
      app: fc.string(),
      encoder: fc.string(),
      enhanced: fc.constant(undefined),
    }),
    fc.record({ kind: fc.constantFrom('create-stream', 'close-stream', 'seek', 'play2'), transactionId }),
    fc.record({ kind: fc.constantFrom('publish', 'play'), transactionId, streamName }),
    fc.record({
      kind: fc.constantFrom('release-stream', 'fc-publish', 'fc-unpublish'),
      transactionId,
      streamName,
    }),
    fc.record({ kind: fc.constant('delete-stream' as const), transactionId, streamId }),
    fc.record({ kind: fc.constant('pause' as const), transactionId, paused: fc.boolean() }),
    fc.record({
      kind: fc.constant('receive' as const),
      transactionId,
      medium: fc.constantFrom('audio', 'video'),
      wanted: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('other' as const), transactionId, name: fc.string() }),
  )
  const ofStreams = fc.constantFrom<StreamEvent>(
    { kind: 'publish-admitted' },
    { kind: 'publish-refused', reason: 'no' },
    { kind: 'publish-unheard' },
    { kind: 'publish-ended', reason: 'no' },
    { kind: 'publish-stopped', ending: 'taken-over', reason: 'no' },
    { kind: 'play-allowed', streamName: 'channel' },
    { kind: 'play-refused', reason: 'no' },
    { kind: 'stream-live' },
    { kind: 'stream-absent' },
    { kind: 'stream-over', reason: 'over' },
  )
  const events: fc.Arbitrary<SessionEvent> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(streamId, commands)
        .filter(([, { kind }]) => kind !== 'connect')
        .map(([id, command]) => ({ kind: 'command' as const, streamId: id, command })),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('stream' as const), streamId, event: ofStreams }) },
    fc.constantFrom<SessionEvent>(
      connect,
      { kind: 'moving', reason: 'x' },
      { kind: 'idle' },
      { kind: 'draining', reason: 'x' },
    ),
  )

  it('end what was begun exactly once, and do nothing after the close', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 40 }), (sequence) => {
        let state: SessionState = OPENING
        for (const event of [enhanced, ...sequence]) {
          const before: SessionState = state
          const [next, effects] = step(state, event)
          const kinds = effects.map(({ kind }) => kind)
          if (before.phase === 'closed') expect(kinds).toEqual([])
          if (kinds.includes('close')) expect(next.phase).toBe('closed')
          if (next.phase === 'closed' && before.phase !== 'closed') expect(kinds.at(-1)).toBe('close')
          for (const effect of effects) {
            const was =
              before.phase === 'connected' && 'streamId' in effect
                ? before.streams.get(effect.streamId)
                : undefined
            if (effect.kind === 'end-publish') expect(was?.phase).toBe('publishing')
            if (effect.kind === 'end-discard') expect(was?.phase).toBe('discarding')
            if (effect.kind === 'end-play') expect(['waiting', 'playing']).toContain(was?.phase)
            if (effect.kind === 'ask-publish' || effect.kind === 'ask-play')
              expect(next.phase === 'connected' && next.streams.get(effect.streamId)?.phase).toBe('asking')
          }
          // Nothing on air is forgotten: it ends by a word of ours, or it was ended from below.
          if (before.phase === 'connected' && next.phase === 'connected' && event.kind === 'command') {
            for (const [id, { phase }] of before.streams) {
              if (phase !== 'publishing' || next.streams.get(id)?.phase === 'publishing') continue
              expect(effects).toContainEqual(expect.objectContaining({ kind: 'end-publish', streamId: id }))
            }
          }
          state = next
        }
      }),
      { numRuns: 500 },
    )
  })
})
