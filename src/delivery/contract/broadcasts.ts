/** Wire shapes of broadcasts and stream keys, shared with the web. */
import { z } from 'zod'
import { channelSummary } from './videos.ts'

export const broadcastSession = z
  .object({
    id: z.string(),
    encoder: z.string(),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    /** How the connection ended; null while it is open. */
    ending: z
      .enum(['unpublished', 'dropped', 'taken-over', 'protocol-error', 'draining', 'crashed'])
      .nullable(),
    bytes: z.int(),
  })
  .meta({ id: 'BroadcastSession' })

/** What is received now; null when no encoder is connected. */
export const health = z
  .object({
    videoCodec: z.string().nullable(),
    audioCodec: z.string().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    frameRate: z.number().nullable(),
    bitsPerSecond: z.number(),
    keyframeSeconds: z.number().nullable(),
    /** In words, for the creator: "Keyframes come every 10 s: set the interval to 2 s." */
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Health' })

export const gap = z
  .object({ startSeconds: z.number(), seconds: z.number(), reason: z.string() })
  .meta({ id: 'Gap' })

export const verdict = z
  .object({
    complete: z.boolean(),
    receivedSeconds: z.number(),
    recordedSeconds: z.number(),
    gaps: z.array(gap),
    summary: z.string(),
  })
  .meta({ id: 'Verdict' })

export const broadcast = z
  .object({
    id: z.string(),
    videoId: z.string(),
    state: z.enum(['live', 'interrupted', 'ended']),
    title: z.string(),
    channel: channelSummary,
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    /** While interrupted: when it ends unless the encoder is back. */
    graceUntil: z.iso.datetime().nullable(),
    sessions: z.array(broadcastSession),
    gaps: z.array(gap),
    verdict: verdict.nullable(),
    health: health.nullable(),
    recording: z.object({ bytes: z.int(), durationSeconds: z.number(), url: z.string() }),
  })
  .meta({ id: 'Broadcast' })

export const broadcastList = z
  .object({ items: z.array(broadcast), nextCursor: z.string().nullable() })
  .meta({ id: 'BroadcastList' })

export const broadcastQuery = z.object({
  state: z.enum(['live', 'interrupted', 'ended']).optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(24),
})

export const streamKeyInput = z
  .strictObject({ label: z.string().trim().min(1).max(80) })
  .meta({ id: 'StreamKeyInput' })

/** As listed: the secret itself is shown once, when it is made. */
export const streamKey = z
  .object({
    id: z.string(),
    label: z.string(),
    hint: z.string().meta({ description: 'Its last four characters.' }),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'StreamKey' })

export const newStreamKey = z
  .object({
    id: z.string(),
    label: z.string(),
    key: z.string(),
    /** rtmp://host:1935/live, what OBS calls the server. */
    server: z.string(),
    /** Server and key in one, for ffmpeg. */
    publishUrl: z.string(),
  })
  .meta({ id: 'NewStreamKey' })

export const streamKeyList = z
  .object({ items: z.array(streamKey), server: z.string() })
  .meta({ id: 'StreamKeyList' })

export type Broadcast = z.infer<typeof broadcast>
export type BroadcastList = z.infer<typeof broadcastList>
export type Health = z.infer<typeof health>
export type StreamKey = z.infer<typeof streamKey>
export type NewStreamKey = z.infer<typeof newStreamKey>
