/**
 * What an RTMP connection is about, as a pure state machine: `step(state, event)` gives the next
 * state and what is to be done. The socket, the gates and the clock are rtmp-connection.ts.
 *
 *     opening --connect--> connected --fault, idle, the last stream's end from our side--> closed
 *
 * On a connection any number of message streams are in use at once, each for one publish or one play;
 * stream-use.ts has the states of one.
 */

import { OUTGOING_CHUNK_BYTES } from '../formats/rtmp/chunk-writer.ts'
import type { Command, ConnectCommand } from '../formats/rtmp/command-message.ts'
import {
  callFailed,
  connectAccepted,
  connectionStatus,
  connectRejected,
  result,
  streamCreated,
} from '../formats/rtmp/command-reply.ts'
import { setChunkSize, setPeerBandwidth, windowAckSize } from '../formats/rtmp/control-message.ts'
import { answer, playRefused, publishDenied, send } from './session-effects.ts'
import type {
  ConnectedState,
  SessionEffect,
  SessionEvent,
  SessionState,
  StreamEvent,
} from './session-state.ts'
import {
  decideStream,
  endStream,
  pauseStream,
  playStream,
  publishStream,
  receiveMedium,
  type StreamStep,
  seekStream,
  switchStream,
} from './stream-use.ts'

type Step = readonly [SessionState, readonly SessionEffect[]]

export const OPENING: SessionState = { phase: 'opening' }
const CLOSED: SessionState = { phase: 'closed' }
/** Bytes between acknowledgements, both ways. */
export const ACK_WINDOW_BYTES = 2_500_000
/** Created, and in use at once. */
const MAX_STREAMS = 16
const MAX_ATTEMPTS = 16
const MAX_APP_CHARS = 512
const MAX_ENCODER_CHARS = 128

export function step(state: SessionState, event: SessionEvent): Step {
  if (state.phase === 'closed') return [state, []]
  if (state.phase === 'opening') {
    if (event.kind === 'command') return open(event.command)
    return event.kind === 'draining' || event.kind === 'idle'
      ? closed([], event.kind === 'idle' ? 'nothing was asked for' : event.reason)
      : [state, []]
  }
  switch (event.kind) {
    case 'command':
      return obey(state, event.streamId, event.command)
    case 'stream':
      return decide(state, event.streamId, event.event)
    case 'moving':
      if (!state.client.reconnects || state.leaving) return [state, []]
      return [{ ...state, leaving: true }, [send(connectionStatus('ReconnectRequest', event.reason))]]
    case 'draining':
      return drain(state, event.reason)
    case 'idle': {
      const reason = 'Nothing was published or played.'
      return closed([send(connectionStatus('Closed', reason))], reason)
    }
  }
}

function open(command: Command): Step {
  if (command.kind !== 'connect') return fault(`a command before connect: ${command.kind}`)
  const { transactionId, app, encoder, enhanced } = command
  if (app.length > MAX_APP_CHARS) {
    const rejected = connectRejected(transactionId, 'InvalidApp', 'The server address is too long.')
    return [CLOSED, [send(rejected), { kind: 'close', reason: 'app name too long', fault: true }]]
  }
  const client = {
    app,
    encoder: encoder.slice(0, MAX_ENCODER_CHARS),
    reconnects: enhanced?.reconnect ?? false,
    multitrack: enhanced?.multitrack ?? false,
    streams: 0,
    attempts: 0,
  }
  const welcome = [
    windowAckSize(ACK_WINDOW_BYTES),
    setPeerBandwidth(ACK_WINDOW_BYTES),
    setChunkSize(OUTGOING_CHUNK_BYTES),
    connectAccepted(transactionId, enhanced !== undefined),
  ]
  return [{ phase: 'connected', client, streams: new Map(), leaving: false }, [send(...welcome)]]
}

function obey(state: ConnectedState, streamId: number, command: Command): Step {
  const { transactionId } = command
  const use = state.streams.get(streamId)
  switch (command.kind) {
    case 'connect':
      return connectAgain(command)
    case 'create-stream':
      return createStream(state, transactionId)
    case 'publish':
    case 'play': {
      const next = attempt(state)
      if (!next || (!use && state.streams.size >= MAX_STREAMS)) return tooMany(streamId, command.kind)
      // Frames are put together once for each stream id: peers must not multiply them.
      if (command.kind === 'play' && streamId > MAX_STREAMS)
        return fault(`play on message stream ${streamId}, which it never created`)
      const asked = command.kind === 'publish' ? publishStream : playStream
      return used(next, streamId, asked(next, streamId, use, command.streamName))
    }
    case 'pause':
      return used(state, streamId, pauseStream(streamId, use, command))
    case 'receive':
      return used(state, streamId, receiveMedium(streamId, use, command))
    case 'seek':
      return used(state, streamId, seekStream(streamId, use, transactionId))
    case 'play2':
      return used(state, streamId, switchStream(streamId, use, transactionId))
    case 'delete-stream':
      return endStreams(state, meant(state, command.streamId), transactionId)
    case 'close-stream':
      return endStreams(state, meant(state, streamId), transactionId)
    case 'fc-unpublish':
      return endStreams(state, publishedAs(state, command.streamName), transactionId)
    case 'stream-length':
      // Seconds; of what is live, 0. ffmpeg asks before it plays.
      return [state, transactionId === 0 ? [] : [send(result(transactionId, 0))]]
    case 'release-stream':
    case 'fc-publish':
    case 'other':
      return [state, answer(transactionId)]
  }
}

function tooMany(streamId: number, asked: 'publish' | 'play'): Step {
  const reason = 'This connection was used too often. Connect again.'
  return closed(asked === 'publish' ? publishDenied(streamId, reason) : playRefused(streamId, reason), reason)
}

function connectAgain({ transactionId }: ConnectCommand): Step {
  const reason = 'a second connect'
  const rejected = connectRejected(transactionId, 'Rejected', 'This connection was accepted already.')
  return [CLOSED, [send(rejected), { kind: 'close', reason, fault: true }]]
}

function createStream(state: ConnectedState, transactionId: number): Step {
  const streams = state.client.streams + 1
  if (streams > MAX_STREAMS)
    return [state, [send(callFailed(transactionId, 'Too many streams on one connection.'))]]
  return [{ ...state, client: { ...state.client, streams } }, [send(streamCreated(transactionId, streams))]]
}

function attempt(state: ConnectedState): ConnectedState | undefined {
  const attempts = state.client.attempts + 1
  return attempts > MAX_ATTEMPTS ? undefined : { ...state, client: { ...state.client, attempts } }
}

/** The streams that a command means which names this one: some encoders name none, or another than they use. */
function meant(state: ConnectedState, streamId: number): number[] {
  if (state.streams.has(streamId)) return [streamId]
  const inUse = [...state.streams.keys()]
  if (streamId === 0) return inUse
  // Who publishes on message stream 0 never used the stream it created.
  return inUse.length === 1 && inUse[0] === 0 ? inUse : []
}

/** FCUnpublish names the stream as publish did; of a single one the name does not matter. */
function publishedAs(state: ConnectedState, name: string): number[] {
  const published = [...state.streams].filter(
    ([, { phase }]) => phase === 'publishing' || phase === 'discarding',
  )
  const named = published.filter(([, use]) => 'sentName' in use && use.sentName === name)
  return (published.length === 1 ? published : named).map(([streamId]) => streamId)
}

function endStreams(state: ConnectedState, streamIds: readonly number[], transactionId: number): Step {
  const streams = new Map(state.streams)
  const effects = streamIds.flatMap((streamId) => {
    const use = streams.get(streamId)
    streams.delete(streamId)
    return use ? endStream(streamId, use, state.leaving ? 'draining' : 'unpublished') : []
  })
  return [{ ...state, streams }, [...effects, ...answer(transactionId)]]
}

function decide(state: ConnectedState, streamId: number, event: StreamEvent): Step {
  const use = state.streams.get(streamId)
  return use ? used(state, streamId, decideStream(state.client, streamId, use, event)) : [state, []]
}

/** A stream's step. Where it ends from our side, the connection ends unless other streams are in use. */
function used(state: ConnectedState, streamId: number, { use, effects, over }: StreamStep): Step {
  const streams = new Map(state.streams)
  if (use) streams.set(streamId, use)
  else streams.delete(streamId)
  if (over !== undefined && streams.size === 0) return closed(effects, over)
  return [{ ...state, streams }, effects]
}

function drain(state: ConnectedState, reason: string): Step {
  const effects = [...state.streams].flatMap(([streamId, use]): SessionEffect[] => {
    if (use.phase === 'publishing') return [{ kind: 'end-publish', streamId, ending: 'draining' }]
    return use.phase === 'playing' || use.phase === 'waiting' ? [{ kind: 'end-play', streamId }] : []
  })
  return closed([...effects, send(connectionStatus('AppShutdown', reason))], reason)
}

function closed(effects: readonly SessionEffect[], reason: string): Step {
  return [CLOSED, [...effects, { kind: 'close', reason, fault: false }]]
}

function fault(reason: string): Step {
  return [CLOSED, [{ kind: 'close', reason, fault: true }]]
}
