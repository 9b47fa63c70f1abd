/** What session.ts has done, put together from replies. */
import { onStatus, result, type StreamStatus } from '../formats/rtmp/command-reply.ts'
import { streamBegin, streamEof } from '../formats/rtmp/control-message.ts'
import type { OutgoingMessage } from '../formats/rtmp/message.ts'
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

export function publishStarted(streamId: number, description = 'You are on air.'): SessionEffect[] {
  const started = onStatus(streamId, {
    level: 'status',
    code: 'NetStream.Publish.Start',
    description,
  })
  return [{ kind: 'allow-media' }, send(streamBegin(streamId), started)]
}

/** The reason is what ffmpeg prints and OBS logs. */
export function publishDenied(streamId: number, reason: string): SessionEffect[] {
  return [
    status(streamId, 'error', 'NetStream.Publish.Denied', reason),
    { kind: 'close', reason, fault: false },
  ]
}

export function playStarted(streamId: number, streamName: string): SessionEffect[] {
  return [
    send(
      streamBegin(streamId),
      onStatus(streamId, { level: 'status', code: 'NetStream.Play.Reset', description: 'Starting over.' }),
      onStatus(streamId, { level: 'status', code: 'NetStream.Play.Start', description: 'Playing live.' }),
    ),
    { kind: 'start-play', streamName, streamId },
  ]
}

export function playRefused(streamId: number, reason: string): SessionEffect[] {
  return [status(streamId, 'error', 'NetStream.Play.Failed', reason), { kind: 'close', reason, fault: false }]
}

export function streamNotFound(streamId: number): SessionEffect[] {
  const reason = 'This stream is not live.'
  return [
    status(streamId, 'error', 'NetStream.Play.StreamNotFound', reason),
    { kind: 'close', reason, fault: false },
  ]
}

export function streamOver(streamId: number, reason: string): SessionEffect[] {
  const over = onStatus(streamId, {
    level: 'status',
    code: 'NetStream.Play.UnpublishNotify',
    description: reason,
  })
  return [send(streamEof(streamId), over), { kind: 'close', reason, fault: false }]
}
