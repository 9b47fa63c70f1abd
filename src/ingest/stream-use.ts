/**
 * What one message stream is used for, as pure steps.
 *
 *     (free) --publish--> asking --admitted--> publishing --goodbye, stopped--> (free)
 *        |                  |  `-- came back by itself --> discarding --goodbye--> (free)
 *        |                  +-- refused --> (free)            ^
 *        |                       publishing --ended by its creator
 *        |
 *        +--play--> asking --allowed--> waiting --live--> playing --closed, over--> (free)
 *
 * A goodbye is FCUnpublish, deleteStream or closeStream. Who is discarded is told nothing: there is no word
 * that every encoder takes for an end and not for a failure after which it connects again.
 */

import type { SessionEnding } from './publish-gate.ts'
import {
  answer,
  failed,
  playRefused,
  playStarted,
  publishDenied,
  publishStarted,
  publishStopped,
  status,
  streamNotFound,
  streamOver,
} from './session-effects.ts'
import type { Client, ConnectedState, SessionEffect, StreamEvent, StreamUse } from './session-state.ts'
import { MAX_NAME_CHARS, parseStreamAddress } from './stream-address.ts'

export interface StreamStep {
  /** Undefined: it is free. */
  readonly use: StreamUse | undefined
  readonly effects: readonly SessionEffect[]
  /** It was ended from our side, or never began, with this reason. */
  readonly over?: string
}

const UNHEARD = 'This broadcast was ended. Stop the encoder and start it again to begin another one.'

export function publishStream(
  { client }: ConnectedState,
  streamId: number,
  use: StreamUse | undefined,
  sent: string,
): StreamStep {
  const refuse = (reason: string): StreamStep => ({
    use: undefined,
    effects: [...(use ? broken(streamId, use) : []), ...publishDenied(streamId, reason)],
    over: reason,
  })
  if (use && use.phase !== 'discarding') return refuse('This stream is already in use. Connect again.')
  const { app, name } = parseStreamAddress(client.app, sent)
  if (name === '') return refuse('No stream key was sent. Copy it from the studio into the encoder.')
  if (name.length > MAX_NAME_CHARS)
    return refuse('The stream key is too long. Copy it from the studio again.')
  const left: SessionEffect[] = use ? [{ kind: 'end-discard', streamId }] : []
  return {
    use: { phase: 'asking', sentName: sent },
    effects: [...left, { kind: 'ask-publish', streamId, app, streamKey: name, encoder: client.encoder }],
  }
}

export function playStream(
  { client }: ConnectedState,
  streamId: number,
  use: StreamUse | undefined,
  sent: string,
): StreamStep {
  if (use && use.phase !== 'waiting' && use.phase !== 'playing') {
    const reason = 'This stream is already in use.'
    return { use, effects: [status(streamId, 'error', 'NetStream.Play.Failed', reason)] }
  }
  // One play after another is how a player changes channels.
  const before: SessionEffect[] = use ? [{ kind: 'end-play', streamId }] : []
  const { name } = parseStreamAddress(client.app, sent)
  if (name === '' || name.length > MAX_NAME_CHARS) {
    const { effects, reason } = streamNotFound(streamId)
    return { use: undefined, effects: [...before, ...effects], over: reason }
  }
  return {
    use: { phase: 'asking', sentName: sent },
    effects: [...before, { kind: 'ask-play', streamId, streamName: name }],
  }
}

/** A goodbye of the peer's. */
export function endStream(streamId: number, use: StreamUse, ending: SessionEnding): SessionEffect[] {
  if (use.phase === 'waiting' || use.phase === 'playing') return [{ kind: 'end-play', streamId }]
  if (use.phase === 'asking') return []
  const said = status(streamId, 'status', 'NetStream.Unpublish.Success', 'The broadcast was ended.')
  return use.phase === 'publishing'
    ? [{ kind: 'end-publish', streamId, ending }, said]
    : [{ kind: 'end-discard', streamId }, said]
}

/** Adobe names it so that a player may tell a pause it asked for from one that it did not. §7.2.2.8 */
export function pauseStream(
  streamId: number,
  use: StreamUse | undefined,
  { paused, transactionId }: { readonly paused: boolean; readonly transactionId: number },
): StreamStep {
  if (use?.phase !== 'playing') {
    return { use, effects: failed(transactionId, 'NetStream.Pause.Failed', 'Nothing is playing.') }
  }
  const said = paused
    ? status(streamId, 'status', 'NetStream.Pause.Notify', 'Paused.')
    : status(streamId, 'status', 'NetStream.Unpause.Notify', 'Going on live.')
  return { use, effects: [{ kind: 'pause-play', streamId, paused }, said, ...answer(transactionId)] }
}

/** §7.2.2.4, §7.2.2.5: nothing is said when it is turned off. */
export function receiveMedium(
  streamId: number,
  use: StreamUse | undefined,
  command: { readonly medium: 'audio' | 'video'; readonly wanted: boolean; readonly transactionId: number },
): StreamStep {
  const { medium, wanted, transactionId } = command
  if (use?.phase !== 'playing') return { use, effects: answer(transactionId) }
  const said = wanted
    ? [
        status(streamId, 'status', 'NetStream.Seek.Notify', 'Going on live.'),
        status(streamId, 'status', 'NetStream.Play.Start', 'Playing live.'),
      ]
    : []
  return { use, effects: [...said, { kind: 'receive', streamId, medium, wanted }, ...answer(transactionId)] }
}

/** §7.2.2.7: live is now; the replay is where one seeks. */
export function seekStream(streamId: number, use: StreamUse | undefined, transactionId: number): StreamStep {
  return refused(streamId, use, transactionId, 'NetStream.Seek.Failed', 'What is live cannot be searched.')
}

/** §7.2.2.3: there is one quality to play live. */
export function switchStream(
  streamId: number,
  use: StreamUse | undefined,
  transactionId: number,
): StreamStep {
  return refused(streamId, use, transactionId, 'NetStream.Play.Failed', 'There is no other quality live.')
}

/** What is said of `use` goes on as it is. */
function refused(
  streamId: number,
  use: StreamUse | undefined,
  transactionId: number,
  code: string,
  reason: string,
): StreamStep {
  const said = status(streamId, 'error', code, reason)
  return { use, effects: [said, ...failed(transactionId, code, reason)] }
}

export function decideStream(
  client: Client,
  streamId: number,
  use: StreamUse,
  event: StreamEvent,
): StreamStep {
  switch (event.kind) {
    case 'publish-admitted':
      if (!('sentName' in use)) return { use, effects: [] }
      return { use: { ...use, phase: 'publishing' }, effects: publishStarted(streamId) }
    case 'publish-unheard':
      if (!('sentName' in use)) return { use, effects: [] }
      return { use: { ...use, phase: 'discarding' }, effects: publishStarted(streamId, UNHEARD) }
    case 'publish-ended':
      if (!('sentName' in use)) return { use, effects: [] }
      return { use: { ...use, phase: 'discarding' }, effects: [] }
    case 'publish-refused': {
      const effects = publishDenied(streamId, event.reason, event.inUse)
      return { use: undefined, effects, over: event.reason }
    }
    case 'publish-stopped': {
      const effects = publishStopped(streamId, event.ending, event.reason)
      return { use: undefined, effects, over: event.reason }
    }
    case 'play-allowed': {
      const { streamName } = event
      return {
        use: { phase: 'waiting', streamName },
        effects: [{ kind: 'await-stream', streamId, streamName }],
      }
    }
    case 'play-refused':
      return { use: undefined, effects: playRefused(streamId, event.reason), over: event.reason }
    case 'stream-live': {
      if (use.phase !== 'waiting') return { use, effects: [] }
      const { streamName } = use
      const started = { kind: 'start-play', streamId, streamName, allTracks: client.multitrack } as const
      return { use: { ...use, phase: 'playing' }, effects: [playStarted(streamId), started] }
    }
    case 'stream-absent': {
      const { effects, reason } = streamNotFound(streamId)
      return { use: undefined, effects, over: reason }
    }
    case 'stream-over':
      return { use: undefined, effects: streamOver(streamId, event.reason), over: event.reason }
  }
}

/** The peer used a stream for two things at once: what it was used for ends too. */
function broken(streamId: number, use: StreamUse): SessionEffect[] {
  if (use.phase === 'publishing') return [{ kind: 'end-publish', streamId, ending: 'protocol-error' }]
  if (use.phase === 'discarding') return [{ kind: 'end-discard', streamId }]
  return use.phase === 'asking' ? [] : [{ kind: 'end-play', streamId }]
}
