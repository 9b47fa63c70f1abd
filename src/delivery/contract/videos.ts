/** Wire shapes of videos, shared with the web. Times are ISO 8601 in UTC, durations seconds, rates bits per second. */
import { z } from 'zod'
import { caption, chapter, chapters } from './captions.ts'

export const visibility = z.enum(['public', 'unlisted', 'private']).meta({ id: 'Visibility' })
export const videoState = z.enum(['live', 'processing', 'ready', 'failed']).meta({ id: 'VideoState' })

export const rendition = z
  .object({
    name: z.string().meta({ example: '480p' }),
    kind: z.enum(['original', 'video', 'audio']),
    state: z.enum(['planned', 'encoding', 'ready', 'failed']),
    codecs: z.string().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    frameRate: z.number().nullable(),
    bandwidth: z.int().nullable(),
    averageBandwidth: z.int().nullable(),
    bytes: z.int(),
    /** 0 to 100. */
    progress: z.number(),
    failure: z.string().nullable(),
    /** Pictures, or frames of sound, made; null until the rendition is finished. */
    frames: z.int().nullable(),
    /** How like their source samples of it look (SSIM of the luma, 0 to 1): the average, and the worst. Null: not compared. */
    ssim: z.number().nullable(),
    lowestSsim: z.number().nullable(),
    /** Of sound: BCP 47, what menus show, and how many channels; null when not known, and of pictures. */
    language: z.string().nullable(),
    label: z.string().nullable(),
    channels: z.int().nullable(),
  })
  .meta({ id: 'Rendition' })

export const channelSummary = z
  .object({ id: z.string(), handle: z.string(), name: z.string() })
  .meta({ id: 'ChannelSummary' })

export const video = z
  .object({
    id: z.string(),
    origin: z.enum(['broadcast', 'upload']),
    title: z.string(),
    description: z.string(),
    tags: z.array(z.string()),
    visibility,
    state: videoState,
    /** Some of it can be watched now. */
    playable: z.boolean(),
    failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
    durationSeconds: z.number().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    frameRate: z.number().nullable(),
    /** 0 to 100. */
    progress: z.number(),
    channel: channelSummary,
    /** Of a broadcast: see /api/v1/broadcasts/{id}. */
    broadcastId: z.string().nullable(),
    publishedAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
    renditions: z.array(rendition),
    captions: z.array(caption),
    /** In order of time. */
    chapters: z.array(chapter),
    /** Whose they are; null: there are none. */
    chaptersFrom: z.enum(['creator', 'description', 'file']).nullable(),
    /** EBU R 128, of the main sound: LUFS, LU and dBTP. Null while it is not measured, and of silence. */
    loudness: z.object({ integrated: z.number(), range: z.number(), truePeak: z.number() }).nullable(),
    playback: z.object({
      /** Multivariant playlist; relative to the site. Null while nothing can be played. */
      hls: z.string().nullable(),
      poster: z.string().nullable(),
      /** JSON: `pointsPerSecond`, and `peaks`, base64 of a byte for each point. */
      waveform: z.string().nullable(),
      /** The poster, no larger than a card shows it. */
      posterCard: z.string().nullable(),
      /** A few moving pictures, as animated WebP. */
      preview: z.string().nullable(),
      /** WebVTT whose cues are pictures for the seek bar: addresses with #xywh. Grows while the video does. */
      storyboard: z.string().nullable(),
    }),
    /** What the asker may do with it. */
    permissions: z.object({ edit: z.boolean(), delete: z.boolean() }),
  })
  .meta({ id: 'Video' })

export const videoList = z
  .object({ items: z.array(video), nextCursor: z.string().nullable() })
  .meta({ id: 'VideoList' })

export const videoQuery = z.object({
  q: z.string().max(200).optional(),
  channel: z.string().max(64).optional(),
  tag: z.string().max(64).optional(),
  state: videoState.optional(),
  /** Only the asker's own, whatever their visibility: the studio's list. `all` for admins. */
  scope: z.enum(['public', 'mine', 'all']).default('public'),
  sort: z.enum(['newest', 'oldest', 'title', 'longest']).default('newest'),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(24),
})

export const videoPatch = z
  .strictObject({
    title: z.string().trim().min(1).max(200),
    description: z.string().max(10_000),
    tags: z.array(z.string().trim().min(1).max(40)).max(20),
    visibility,
    /** Null: those of the description (lines such as "1:30 Title", the first 0:00), else of the file. */
    chapters: chapters.nullable(),
  })
  .partial()
  .meta({ id: 'VideoPatch' })

export type Visibility = z.infer<typeof visibility>
export type Rendition = z.infer<typeof rendition>
export type Video = z.infer<typeof video>
export type VideoList = z.infer<typeof videoList>
export type VideoQuery = z.infer<typeof videoQuery>
export type VideoPatch = z.infer<typeof videoPatch>
