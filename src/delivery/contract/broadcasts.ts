/** Wire shapes of broadcasts and stream keys, shared with the web. */
import { z } from 'zod'
import { channelSummary } from './videos.ts'

/** How a connection ended. */
const sessionEnding = z.enum([
  'unpublished',
  'ended',
  'suspended',
  'dropped',
  'silent',
  'taken-over',
  'protocol-error',
  'draining',
  'disk',
  'write-error',
  'size-limit',
  'crashed',
])

export const broadcastSession = z
  .object({
    id: z.string(),
    encoder: z.string(),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    /** Null while it is open. */
    ending: sessionEnding.nullable(),
    endingWords: z.string().nullable().meta({ example: 'The encoder was stopped.' }),
    bytes: z.int(),
  })
  .meta({ id: 'BroadcastSession' })

/** What is received now; null when no encoder is connected. */
export const health = z
  .object({
    encoder: z.string().meta({ example: 'obs-output module (libobs version 29.0.2)' }),
    videoCodec: z.string().nullable(),
    audioCodec: z.string().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    sampleRate: z.number().nullable(),
    channels: z.int().nullable(),
    frameRate: z.number().nullable(),
    announcedFrameRate: z.number().nullable(),
    bitsPerSecond: z.number(),
    keyframeSeconds: z.number().nullable(),
    missingFrames: z
      .int()
      .meta({ description: 'Since the encoder connected: holes in the timestamps of the pictures.' }),
    lateFrames: z.int().meta({ description: 'Since the encoder connected: more than a second late.' }),
    pace: z.number().nullable().meta({ description: 'Seconds of media that arrive each second.' }),
    avSkewMs: z.number().nullable().meta({ description: "Sound's timestamps minus the picture's." }),
    clockDriftPpm: z.number().nullable().meta({
      description: "How much slower the encoder's clock runs, millionths; after a minute and a half.",
    }),
    roundTripMs: z.number().nullable().meta({ description: "By RTMP's ping, which many encoders ignore." }),
    /** In words, for the creator: "Keyframes come every 10 s: set the interval to 2 s." */
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Health' })

/** The last minutes of a broadcast on air; what follows comes with the events. */
export const healthHistory = z
  .object({
    items: z.array(z.object({ at: z.iso.datetime(), bitsPerSecond: z.number(), frameRate: z.number() })),
  })
  .meta({ id: 'HealthHistory' })

export const gap = z
  .object({
    startSeconds: z.number().meta({ description: "On the replay's timeline." }),
    seconds: z.number().meta({ description: 'Missing there. 0: unknown, since no encoder came back.' }),
    /** Null in verdicts of earlier versions. */
    at: z.iso.datetime().nullable(),
    reason: z
      .string()
      .meta({ description: 'interrupted, stopped, crashed, disk, write-error or not-recorded' }),
  })
  .meta({ id: 'Gap' })

/** An encoder that went without a goodbye. */
export const disconnect = z
  .object({
    at: z.iso.datetime(),
    ending: sessionEnding,
    /** Until an encoder was there again; null: none came. */
    awaySeconds: z.number().nullable(),
  })
  .meta({ id: 'Disconnect' })

export const verdict = z
  .object({
    complete: z.boolean(),
    receivedSeconds: z.number(),
    recordedSeconds: z.number(),
    packagedSeconds: z
      .number()
      .meta({ description: 'Of the replay as it is now: it may still be being completed.' }),
    gaps: z.array(gap),
    disconnects: z.array(disconnect),
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
    /** Once it has ended: why, in words. */
    endingWords: z.string().nullable(),
    /** It has ended and its encoder goes on sending, which nobody keeps. */
    encoderUnheard: z.boolean(),
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
  .strictObject({
    label: z.string().trim().min(1).max(80),
    expiresAt: z.iso.datetime().optional().meta({ description: 'Nothing begins with it after that.' }),
  })
  .meta({ id: 'StreamKeyInput' })

/** As listed: the secret itself is shown once, when it is made. */
export const streamKey = z
  .object({
    id: z.string(),
    label: z.string(),
    hint: z.string().meta({ description: 'Its last four characters.' }),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime().nullable(),
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
  .object({
    items: z.array(streamKey),
    server: z.string().meta({ example: 'rtmp://video.example.org:1935/live' }),
    /** The same over TLS. */
    secureServer: z.string().nullable().meta({ example: 'rtmps://video.example.org:1936/live' }),
  })
  .meta({ id: 'StreamKeyList' })

export type Broadcast = z.infer<typeof broadcast>
export type BroadcastList = z.infer<typeof broadcastList>
export type Health = z.infer<typeof health>
export type HealthHistory = z.infer<typeof healthHistory>
export type StreamKey = z.infer<typeof streamKey>
export type NewStreamKey = z.infer<typeof newStreamKey>
