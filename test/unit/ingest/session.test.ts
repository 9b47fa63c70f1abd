import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAmf0Values } from '../../../src/formats/amf0.ts'
import type { Command } from '../../../src/formats/rtmp/command-message.ts'
import { OPENING, step } from '../../../src/ingest/session.ts'
import type { SessionEffect, SessionEvent, SessionState } from '../../../src/ingest/session-state.ts'

const command = (value: Command, streamId = 1): SessionEvent => ({
  kind: 'command',
  streamId,
  command: value,
})
const connect = command(
  { kind: 'connect', transactionId: 1, app: 'live', encoder: 'FMLE/3.0', fourCcs: undefined },
  0,
)
const createStream = command({ kind: 'create-stream', transactionId: 4 }, 0)
const publish = (streamName = 'key') => command({ kind: 'publish', transactionId: 5, streamName })
const play = (streamName = 'channel') => command({ kind: 'play', transactionId: 0, streamName })
const closeStream = command({ kind: 'close-stream', transactionId: 0 })

/** Runs the events from the beginning; gives the last state and what the last event caused. */
function run(...events: readonly SessionEvent[]): { state: SessionState; effects: readonly SessionEffect[] } {
  let state: SessionState = OPENING
  let effects: readonly SessionEffect[] = []
  for (const event of events) [state, effects] = step(state, event)
  return { state, effects }
}

/** Effects in short: what is sent as its type, or its command's name and code. */
function told(effects: readonly SessionEffect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'send') return [effect.kind]
    return effect.messages.map(({ type, body }) => {
      if (type !== 20) return `type ${type}`
      const [name, , , info] = readAmf0Values(body)
      return typeof info === 'object' && info !== null && 'code' in info ? `${name} ${info.code}` : `${name}`
    })
  })
}

const ON_AIR = [connect, createStream, publish(), { kind: 'publish-admitted' }] as const
const ENDED = { kind: 'publish-ended', reason: 'The broadcast was ended.' } as const
const PLAYING = [
  connect,
  createStream,
  play(),
  { kind: 'play-allowed', streamName: 'channel' },
  { kind: 'stream-live' },
] as const

describe('connecting', () => {
  it('is answered with window, bandwidth, chunk size and success, in this order', () => {
    const { state, effects } = run(connect)
    expect(state.phase).toBe('connected')
    expect(told(effects)).toEqual(['type 5', 'type 6', 'type 1', '_result NetConnection.Connect.Success'])
  })
  it('gives back the FourCCs a client knows', () => {
    const fourCcs = ['hvc1', 'av01']
    const { effects } = run(
      command({ kind: 'connect', transactionId: 1, app: 'live', encoder: '', fourCcs }, 0),
    )
    const [, , , info] =
      effects[0]?.kind === 'send' ? readAmf0Values(effects[0].messages[3]?.body ?? Buffer.of()) : []
    expect(info).toMatchObject({ fourCcList: fourCcs, objectEncoding: 0 })
  })
  it('must come first, and once', () => {
    for (const events of [[publish()], [createStream], [connect, connect]]) {
      const { state, effects } = run(...events)
      expect(state.phase).toBe('closed')
      expect(effects).toMatchObject([{ kind: 'close', fault: true }])
    }
  })
  it('gives each stream its own id, and 16 at most', () => {
    const streams = Array.from({ length: 16 }, () => createStream)
    expect(told(run(connect, ...streams).effects)).toEqual(['_result'])
    expect(told(run(connect, ...streams, createStream).effects)).toEqual(['_error NetConnection.Call.Failed'])
  })
  it('answers commands it does not know, if an answer is expected', () => {
    const unknown = (transactionId: number) => command({ kind: 'other', transactionId, name: '_checkbw' }, 0)
    expect(told(run(connect, unknown(7)).effects)).toEqual(['_result'])
    expect(told(run(connect, unknown(0)).effects)).toEqual([])
  })
})

describe('publishing', () => {
  it('asks the gate before anything is said', () => {
    const { state, effects } = run(connect, createStream, publish('key?x=y'))
    expect(state.phase).toBe('asking')
    expect(effects).toEqual([{ kind: 'ask-publish', app: 'live', streamKey: 'key', encoder: 'FMLE/3.0' }])
  })
  it('starts when it is admitted', () => {
    const { state, effects } = run(...ON_AIR)
    expect(state.phase).toBe('publishing')
    expect(told(effects)).toEqual(['allow-media', 'type 4', 'onStatus NetStream.Publish.Start'])
  })
  it('closes with the reason when it is refused', () => {
    const { state, effects } = run(connect, createStream, publish(), {
      kind: 'publish-refused',
      reason: 'The disk is full.',
    })
    expect(state.phase).toBe('closed')
    expect(told(effects)).toEqual(['onStatus NetStream.Publish.Denied', 'close'])
    const [, , , info] =
      effects[0]?.kind === 'send' ? readAmf0Values(effects[0].messages[0]?.body ?? Buffer.of()) : []
    expect(info).toEqual({
      level: 'error',
      code: 'NetStream.Publish.Denied',
      description: 'The disk is full.',
    })
  })
  it('is refused without asking when the key is missing or absurd', () => {
    for (const name of ['', '?x=y', 'n'.repeat(300)]) {
      expect(told(run(connect, createStream, publish(name)).effects)).toEqual([
        'onStatus NetStream.Publish.Denied',
        'close',
      ])
    }
  })
  it.each([
    ['FCUnpublish', command({ kind: 'fc-unpublish', transactionId: 6, streamName: 'key' })],
    ['deleteStream', command({ kind: 'delete-stream', transactionId: 0, streamId: 1 }, 0)],
    ['deleteStream without a stream', command({ kind: 'delete-stream', transactionId: 0, streamId: 0 }, 0)],
    ['closeStream', closeStream],
  ])('ends with %s, once, and may begin again', (_, ending) => {
    const { state, effects } = run(...ON_AIR, ending)
    expect(state.phase).toBe('connected')
    expect(told(effects)[0]).toBe('end-publish')
    expect(told(run(...ON_AIR, ending, closeStream).effects)).not.toContain('end-publish')
    expect(told(run(...ON_AIR, ending, publish()).effects)).toEqual(['ask-publish'])
  })
  it('goes on when another stream is deleted', () => {
    const other = command({ kind: 'delete-stream', transactionId: 0, streamId: 2 }, 0)
    expect(run(...ON_AIR, other).state.phase).toBe('publishing')
  })
  it('ends when a second publish comes on the connection', () => {
    const { state, effects } = run(...ON_AIR, publish('other'))
    expect(state.phase).toBe('closed')
    expect(told(effects)).toEqual(['end-publish', 'onStatus NetStream.Publish.Denied', 'close'])
    expect(effects[0]).toEqual({ kind: 'end-publish', ending: 'protocol-error' })
  })
  it('is refused after 16 attempts on a connection', () => {
    const rounds = Array.from({ length: 16 }, () => [
      publish(),
      { kind: 'publish-admitted' } as const,
      closeStream,
    ])
    expect(run(connect, createStream, ...rounds.flat()).state.phase).toBe('connected')
    expect(run(connect, createStream, ...rounds.flat(), publish()).state.phase).toBe('closed')
  })
  it('tells the encoder why we stop it', () => {
    const { state, effects } = run(...ON_AIR, { kind: 'publish-stopped', reason: 'Taken over.' })
    expect(state.phase).toBe('closed')
    expect(told(effects)).toEqual(['onStatus NetStream.Publish.Denied', 'close'])
  })
  it('is thrown away in silence once the creator has ended the broadcast', () => {
    const { state, effects } = run(...ON_AIR, ENDED)
    expect(state.phase).toBe('discarding')
    expect(effects).toEqual([])
  })
  it('may say goodbye after the end, and begin again with or without having said it', () => {
    const goodbye = run(...ON_AIR, ENDED, closeStream)
    expect(goodbye.state.phase).toBe('connected')
    expect(told(goodbye.effects)).toEqual(['onStatus NetStream.Unpublish.Success'])
    expect(told(run(...ON_AIR, ENDED, closeStream, publish()).effects)).toEqual(['ask-publish'])
    expect(told(run(...ON_AIR, ENDED, publish()).effects)).toEqual(['ask-publish'])
  })
})

describe('playing', () => {
  it('asks, waits for the stream, and starts', () => {
    expect(run(connect, createStream, play()).effects).toEqual([{ kind: 'ask-play', streamName: 'channel' }])
    expect(run(...PLAYING.slice(0, 4)).effects).toEqual([{ kind: 'await-stream', streamName: 'channel' }])
    const { state, effects } = run(...PLAYING)
    expect(state.phase).toBe('playing')
    expect(told(effects)).toEqual([
      'type 4',
      'onStatus NetStream.Play.Reset',
      'onStatus NetStream.Play.Start',
      'start-play',
    ])
  })
  it('says when there is no such stream', () => {
    const { state, effects } = run(...PLAYING.slice(0, 4), { kind: 'stream-absent' })
    expect(state.phase).toBe('closed')
    expect(told(effects)).toEqual(['onStatus NetStream.Play.StreamNotFound', 'close'])
  })
  it('is refused on a stream that cannot have been created', () => {
    const event = command({ kind: 'play', transactionId: 0, streamName: 'channel' }, 17)
    expect(run(connect, createStream, event).effects).toMatchObject([{ kind: 'close', fault: true }])
  })
  it('says when it is over', () => {
    const { effects } = run(...PLAYING, { kind: 'stream-over', reason: 'Over.' })
    expect(told(effects)).toEqual(['type 4', 'onStatus NetStream.Play.UnpublishNotify', 'close'])
  })
  it('pauses and goes on', () => {
    const pause = command({ kind: 'pause', transactionId: 0, paused: true })
    expect(told(run(...PLAYING, pause).effects)).toEqual(['pause-play', 'onStatus NetStream.Pause.Notify'])
    expect(run(connect, pause).effects).toEqual([])
  })
  it('ends with closeStream, also while it waits', () => {
    for (const events of [PLAYING, PLAYING.slice(0, 4)]) {
      const { state, effects } = run(...events, closeStream)
      expect(state.phase).toBe('connected')
      expect(told(effects)).toEqual(['end-play'])
    }
  })
  it('ignores a stream that comes alive after the player closed it', () => {
    expect(run(...PLAYING.slice(0, 4), closeStream, { kind: 'stream-live' }).effects).toEqual([])
  })
})

describe('a closed session', () => {
  it('does nothing more', () => {
    const closed: SessionState = { phase: 'closed' }
    for (const event of [connect, publish(), { kind: 'publish-admitted' } as const]) {
      expect(step(closed, event)).toEqual([closed, []])
    }
  })
})

describe('any events in any order', () => {
  const streamId = fc.constantFrom(0, 1, 2)
  const transactionId = fc.constantFrom(0, 5)
  const streamName = fc.constantFrom('', 'key', 'key?x', 'n'.repeat(300))
  const commands: fc.Arbitrary<Command> = fc.oneof(
    fc.record({
      kind: fc.constant('connect' as const),
      transactionId,
      app: fc.string(),
      encoder: fc.string(),
      fourCcs: fc.constant(undefined),
    }),
    fc.record({ kind: fc.constantFrom('create-stream', 'close-stream'), transactionId }),
    fc.record({ kind: fc.constantFrom('publish', 'play'), transactionId, streamName }),
    fc.record({
      kind: fc.constantFrom('release-stream', 'fc-publish', 'fc-unpublish'),
      transactionId,
      streamName,
    }),
    fc.record({ kind: fc.constant('delete-stream' as const), transactionId, streamId }),
    fc.record({ kind: fc.constant('pause' as const), transactionId, paused: fc.boolean() }),
    fc.record({ kind: fc.constant('other' as const), transactionId, name: fc.string() }),
  )
  const events: fc.Arbitrary<SessionEvent> = fc.oneof(
    { weight: 3, arbitrary: commands.map((value) => command(value)) },
    fc.constantFrom<SessionEvent>(
      connect,
      { kind: 'publish-admitted' },
      { kind: 'publish-refused', reason: 'no' },
      { kind: 'publish-stopped', reason: 'no' },
      ENDED,
      { kind: 'play-allowed', streamName: 'channel' },
      { kind: 'play-refused', reason: 'no' },
      { kind: 'stream-live' },
      { kind: 'stream-absent' },
      { kind: 'stream-over', reason: 'over' },
    ),
  )

  it('end what was begun exactly once, and do nothing after the close', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (sequence) => {
        let state: SessionState = OPENING
        for (const event of [connect, ...sequence]) {
          const before: SessionState['phase'] = state.phase
          const [next, effects] = step(state, event)
          const kinds = effects.map(({ kind }) => kind)
          if (before === 'closed') expect(kinds).toEqual([])
          if (kinds.includes('end-publish')) expect(before).toBe('publishing')
          if (kinds.includes('close')) expect(next.phase).toBe('closed')
          if (next.phase === 'closed' && before !== 'closed') expect(kinds.at(-1)).toBe('close')
          if (kinds.includes('ask-publish') || kinds.includes('ask-play')) expect(next.phase).toBe('asking')
          if (before === 'publishing' && next.phase === 'connected') expect(kinds).toContain('end-publish')
          state = next
        }
      }),
      { numRuns: 500 },
    )
  })
})
