/** What session.ts and stream-use.ts have done, put together from replies. */
import {
  callFailed,
  connectionStatus,
  onStatus,
  result,
  type StreamStatus,
} from '../formats/rtmp/command-reply.ts'
import { streamBegin, streamEof } from '../formats/rtmp/control-message.ts'
import type { OutgoingMessage } from '../formats/rtmp/message.ts'
import type { SessionEnding } from './publish-gate.ts'
import type { SessionEffect } from './session-state.ts'

export function send(...messages: readonly OutgoingMessage[]): SessionEffect {
  return { kind: 'send', messages }
}

export function status(
  streamId: number,
  level: StreamStatus['level'],
  code: string,
  description: string,
): SessionEffect {
  return send(onStatus(streamId, { level, code, description }))
}

/** To a command that only wants to be heard, if it wants an answer at all. */
export function answer(transactionId: number): SessionEffect[] {
  return transactionId === 0 ? [] : [send(result(transactionId))]
}

/** To a command that cannot be obeyed, if it wants an answer at all. */
export function failed(transactionId: number, code: string, description: string): SessionEffect[] {
  return transactionId === 0 ? [] : [send(callFailed(transactionId, description, code))]
}

export function publishStarted(streamId: number, description = 'You are on air.'): SessionEffect[] {
  const started = onStatus(streamId, {
    level: 'status',
    code: 'NetStream.Publish.Start',
    description,
  })
  return [{ kind: 'allow-media' }, send(streamBegin(streamId), started)]
}

/**
 * The reason is what ffmpeg prints and OBS logs. `inUse`: somebody else publishes it, which is what Adobe means
 * by BadName; encoders take both codes for a refusal.
 */
export function publishDenied(streamId: number, reason: string, inUse = false): SessionEffect[] {
  const code = inUse ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied'
  return [status(streamId, 'error', code, reason)]
}

export function publishStopped(streamId: number, ending: SessionEnding, reason: string): SessionEffect[] {
  if (ending === 'draining') return [send(connectionStatus('AppShutdown', reason))]
  if (ending === 'disk' || ending === 'write-error')
    return [status(streamId, 'error', 'NetStream.Failed', reason)]
  return publishDenied(streamId, reason, ending === 'taken-over')
}

export function playStarted(streamId: number): SessionEffect {
  return send(
    streamBegin(streamId),
    onStatus(streamId, { level: 'status', code: 'NetStream.Play.Reset', description: 'Starting over.' }),
    onStatus(streamId, { level: 'status', code: 'NetStream.Play.Start', description: 'Playing live.' }),
  )
}

export function playRefused(streamId: number, reason: string): SessionEffect[] {
  return [status(streamId, 'error', 'NetStream.Play.Failed', reason)]
}

export function streamNotFound(streamId: number): { effects: SessionEffect[]; reason: string } {
  const reason = 'This stream is not live.'
  return { effects: [status(streamId, 'error', 'NetStream.Play.StreamNotFound', reason)], reason }
}

export function streamOver(streamId: number, reason: string): SessionEffect[] {
  const over = onStatus(streamId, {
    level: 'status',
    code: 'NetStream.Play.UnpublishNotify',
    description: reason,
  })
  return [send(streamEof(streamId), over)]
}
