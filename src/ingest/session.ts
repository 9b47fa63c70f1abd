/**
 * What an RTMP connection is about, as a pure state machine: `step(state, event)` gives the next
 * state and what is to be done. The socket, the gates and the clock are rtmp-connection.ts.
 *
 *     opening --connect--> connected --publish--> asking --admitted--> publishing
 *                             ^  |                   |                     |
 *                             |  |                   +--refused--> closed  |
 *                             +--|---- FCUnpublish, deleteStream, ---------+
 *                             ^  |     closeStream                         +--stopped--> closed
 *                             |  +--play--> asking --allowed--> waiting --live--> playing
 *                             +------------- closeStream, deleteStream -------------+ --over--> closed
 *
 *     publishing --ended by the creator--> discarding --goodbye--> connected
 *     asking --came back by itself----------^  +--publish--> asking
 *
 * One publish or one play at a time on a connection. Who is discarded is told nothing: there is no word
 * that every encoder takes for an end and not for a failure after which it connects again.
 */

import { OUTGOING_CHUNK_BYTES } from '../formats/rtmp/chunk-writer.ts'
import type { Command } from '../formats/rtmp/command-message.ts'
import { callFailed, connectAccepted, connectRejected, streamCreated } from '../formats/rtmp/command-reply.ts'
import { setChunkSize, setPeerBandwidth, windowAckSize } from '../formats/rtmp/control-message.ts'
import {
  answer,
  playRefused,
  playStarted,
  publishDenied,
  publishStarted,
  send,
  status,
  streamNotFound,
  streamOver,
} from './session-effects.ts'
import type { Client, SessionEffect, SessionEvent, SessionState } from './session-state.ts'
import { MAX_NAME_CHARS, parseStreamAddress } from './stream-address.ts'

type Step = readonly [SessionState, readonly SessionEffect[]]

export const OPENING: SessionState = { phase: 'opening' }
const CLOSED: SessionState = { phase: 'closed' }
/** Bytes between acknowledgements, both ways. */
export const ACK_WINDOW_BYTES = 2_500_000
const UNHEARD = 'This broadcast was ended. Stop the encoder and start it again to begin another one.'
const MAX_STREAMS = 16
const MAX_ATTEMPTS = 16
const MAX_APP_CHARS = 512

export function step(state: SessionState, event: SessionEvent): Step {
  if (state.phase === 'closed') return [state, []]
  if (event.kind === 'command') {
    return state.phase === 'opening' ? open(event.command) : obey(state, event.streamId, event.command)
  }
  if (state.phase === 'opening' || state.phase === 'connected') return [state, []]
  return decide(state, event)
}

function open(command: Command): Step {
  if (command.kind !== 'connect') return fault(`a command before connect: ${command.kind}`)
  if (command.app.length > MAX_APP_CHARS) {
    const rejected = connectRejected(command.transactionId, 'The server address is too long.')
    return [CLOSED, [send(rejected), { kind: 'close', reason: 'app name too long', fault: true }]]
  }
  const client = { app: command.app, encoder: command.encoder.slice(0, 128), streams: 0, attempts: 0 }
  const answer = [
    windowAckSize(ACK_WINDOW_BYTES),
    setPeerBandwidth(ACK_WINDOW_BYTES),
    setChunkSize(OUTGOING_CHUNK_BYTES),
    connectAccepted(command.transactionId, command.fourCcs),
  ]
  return [{ phase: 'connected', client }, [send(...answer)]]
}

type Connected = Exclude<SessionState, { phase: 'opening' | 'closed' }>

function obey(state: Connected, streamId: number, command: Command): Step {
  switch (command.kind) {
    case 'connect':
      return fault('a second connect')
    case 'create-stream':
      return createStream(state, command.transactionId)
    case 'publish':
      return publish(state, streamId, command.streamName)
    case 'play':
      return play(state, streamId, command.streamName)
    case 'pause':
      return pause(state, command.paused)
    case 'delete-stream':
      // The stream meant is the argument's; some send none and mean the only one.
      return endStream(state, command.streamId === 0 ? undefined : command.streamId, command.transactionId)
    case 'close-stream':
      return endStream(state, streamId === 0 ? undefined : streamId, command.transactionId)
    case 'fc-unpublish':
      return state.phase === 'publishing' || state.phase === 'discarding'
        ? endStream(state, undefined, command.transactionId)
        : [state, answer(command.transactionId)]
    case 'release-stream':
    case 'fc-publish':
    case 'other':
      return [state, answer(command.transactionId)]
  }
}

function createStream(state: Connected, transactionId: number): Step {
  const streams = state.client.streams + 1
  if (streams > MAX_STREAMS)
    return [state, [send(callFailed(transactionId, 'Too many streams on one connection.'))]]
  return [{ ...state, client: { ...state.client, streams } }, [send(streamCreated(transactionId, streams))]]
}

function publish(state: Connected, streamId: number, sent: string): Step {
  const next = attempt(state)
  if ((state.phase !== 'connected' && state.phase !== 'discarding') || !next)
    return refusePublish(state, streamId, 'This connection is already in use. Connect again.')
  const { app, name } = parseStreamAddress(next.app, sent)
  if (name === '')
    return refusePublish(state, streamId, 'No stream key was sent. Copy it from the studio into the encoder.')
  if (name.length > MAX_NAME_CHARS)
    return refusePublish(state, streamId, 'The stream key is too long. Copy it from the studio again.')
  return [
    { phase: 'asking', client: next, streamId },
    [{ kind: 'ask-publish', app, streamKey: name, encoder: next.encoder }],
  ]
}

/** Of a connection that is in use, what it was used for ends too. */
function refusePublish(state: Connected, streamId: number, reason: string): Step {
  const before: SessionEffect[] =
    state.phase === 'publishing' ? [{ kind: 'end-publish', ending: 'protocol-error' }] : []
  if (state.phase === 'playing' || state.phase === 'waiting') before.push({ kind: 'end-play' })
  return [CLOSED, [...before, ...publishDenied(streamId, reason)]]
}

function play(state: Connected, streamId: number, sent: string): Step {
  const next = attempt(state)
  if (state.phase !== 'connected' || !next) {
    const reason = 'This connection is already in use. Connect again.'
    return [state, [status(streamId, 'error', 'NetStream.Play.Failed', reason)]]
  }
  const { name } = parseStreamAddress(next.app, sent)
  if (name === '' || name.length > MAX_NAME_CHARS) return [CLOSED, streamNotFound(streamId)]
  // Frames are put together once for each stream id: peers must not multiply them.
  if (streamId > MAX_STREAMS) return fault(`play on message stream ${streamId}, which it never created`)
  return [{ phase: 'asking', client: next, streamId }, [{ kind: 'ask-play', streamName: name }]]
}

function attempt(state: Connected): Client | undefined {
  const attempts = state.client.attempts + 1
  return attempts > MAX_ATTEMPTS ? undefined : { ...state.client, attempts }
}

function pause(state: Connected, paused: boolean): Step {
  if (state.phase !== 'playing') return [state, []]
  const code = paused ? 'NetStream.Pause.Notify' : 'NetStream.Unpause.Notify'
  const description = paused ? 'Paused.' : 'Going on live.'
  return [state, [{ kind: 'pause-play', paused }, status(state.streamId, 'status', code, description)]]
}

/** `streamId` undefined: whichever is in use. */
function endStream(state: Connected, streamId: number | undefined, transactionId: number): Step {
  const idle: SessionState = { phase: 'connected', client: state.client }
  // Who publishes on message stream 0 never used the stream it created.
  const other =
    state.phase !== 'connected' &&
    streamId !== undefined &&
    state.streamId !== 0 &&
    streamId !== state.streamId
  if (state.phase === 'connected' || other) return [state, answer(transactionId)]
  if (state.phase === 'publishing' || state.phase === 'discarding') {
    const end: SessionEffect[] =
      state.phase === 'publishing' ? [{ kind: 'end-publish', ending: 'unpublished' }] : []
    const said = status(state.streamId, 'status', 'NetStream.Unpublish.Success', 'The broadcast was ended.')
    return [idle, [...end, said, ...answer(transactionId)]]
  }
  return [idle, [{ kind: 'end-play' }, ...answer(transactionId)]]
}

type Active = Exclude<Connected, { phase: 'connected' }>

function decide(state: Active, event: Exclude<SessionEvent, { kind: 'command' }>): Step {
  const { client, streamId } = state
  switch (event.kind) {
    case 'publish-admitted':
      return [{ phase: 'publishing', client, streamId }, publishStarted(streamId)]
    case 'publish-unheard':
      return [{ phase: 'discarding', client, streamId }, publishStarted(streamId, UNHEARD)]
    case 'publish-ended':
      return [{ phase: 'discarding', client, streamId }, []]
    case 'publish-refused':
    case 'publish-stopped':
      return [CLOSED, publishDenied(streamId, event.reason)]
    case 'play-allowed': {
      const { streamName } = event
      return [{ phase: 'waiting', client, streamId, streamName }, [{ kind: 'await-stream', streamName }]]
    }
    case 'play-refused':
      return [CLOSED, playRefused(streamId, event.reason)]
    case 'stream-live':
      if (state.phase !== 'waiting') return [state, []]
      return [{ ...state, phase: 'playing' }, playStarted(streamId, state.streamName)]
    case 'stream-absent':
      return [CLOSED, streamNotFound(streamId)]
    case 'stream-over':
      return [CLOSED, streamOver(streamId, event.reason)]
  }
}

function fault(reason: string): Step {
  return [CLOSED, [{ kind: 'close', reason, fault: true }]]
}
