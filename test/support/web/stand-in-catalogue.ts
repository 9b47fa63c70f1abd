/** What the stand-in server holds: a person, videos in every state, a broadcast, jobs. */
import type { Broadcast, StreamKey } from '../../../src/delivery/contract/broadcasts.ts'
import type { Job, Queue } from '../../../src/delivery/contract/jobs.ts'
import type { ApiToken, Me, User } from '../../../src/delivery/contract/people.ts'
import type { Rendition, Video } from '../../../src/delivery/contract/videos.ts'
import { makeHealth } from '../health.ts'

const CHANNEL = { id: 'channel-1', handle: 'ada', name: 'Ada Live' }
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

export const PERSON: Me = {
  id: 'user-1',
  name: 'Ada Example',
  email: 'ada@example.org',
  role: 'admin',
  channels: [CHANNEL],
}

export function rendition(name: string, state: Rendition['state'], progress: number): Rendition {
  const height = name === 'original' ? 360 : Number.parseInt(name, 10)
  return {
    name,
    state,
    progress,
    kind: name === 'original' ? 'original' : 'video',
    codecs: 'avc1.42c01e',
    width: Math.round((height * 16) / 9),
    height,
    frameRate: 25,
    bandwidth: 900_000,
    frames: null,
    ssim: null,
    lowestSsim: null,
    averageBandwidth: state === 'ready' ? 800_000 : null,
    bytes: state === 'ready' ? 4_200_000 : 0,
    failure: null,
    language: null,
    label: null,
    channels: null,
  }
}

export function video(id: string, part: Partial<Video>): Video {
  return {
    id,
    origin: 'upload',
    title: id,
    description: '',
    tags: [],
    visibility: 'public',
    state: 'ready',
    playable: true,
    failure: null,
    durationSeconds: 40,
    width: 640,
    height: 360,
    frameRate: 25,
    loudness: null,
    captions: [],
    chapters: [],
    chaptersFrom: null,
    progress: 100,
    channel: CHANNEL,
    broadcastId: null,
    publishedAt: ago(90),
    createdAt: ago(90),
    renditions: [rendition('original', 'ready', 100), rendition('180p', 'ready', 100)],
    playback: {
      hls: `/media/fake/${id}/master.m3u8`,
      poster: '/media/fake/poster.jpg',
      waveform: null,
      posterCard: null,
      preview: null,
      storyboard: null,
    },
    permissions: { edit: true, delete: true },
    ...part,
  }
}

export function makeVideos(): Video[] {
  return [
    video('replay', {
      title: 'How the harbour wakes up: an hour at the quay',
      description: 'Boats, gulls and a very slow crane.\n\nRecorded live, unedited.',
      tags: ['harbour', 'morning'],
    }),
    video('making', {
      title: 'A long walk through the old town, filmed on a phone',
      state: 'processing',
      progress: 42,
      renditions: [rendition('original', 'ready', 100), rendition('180p', 'encoding', 42)],
    }),
    video('waiting', {
      title: 'Upload_2026-11-20_final',
      state: 'processing',
      playable: false,
      progress: 7,
      durationSeconds: null,
      renditions: [rendition('original', 'planned', 0), rendition('180p', 'encoding', 7)],
      playback: {
        hls: null,
        poster: null,
        waveform: null,
        posterCard: null,
        preview: null,
        storyboard: null,
      },
    }),
    video('failed', {
      title: 'Broken file',
      state: 'failed',
      playable: false,
      progress: 0,
      durationSeconds: null,
      renditions: [],
      failure: { code: 'no-video-track', detail: 'There is no picture in this file, only sound.' },
      playback: {
        hls: null,
        poster: null,
        waveform: null,
        posterCard: null,
        preview: null,
        storyboard: null,
      },
    }),
    ...Array.from({ length: 30 }, (_, i) =>
      video(`older-${i}`, {
        title: `Evening stream no. ${30 - i}`,
        publishedAt: ago(1500 * (i + 1)),
        createdAt: ago(1500 * (i + 1)),
        durationSeconds: 1800 + i * 211,
        visibility: i % 7 === 3 ? 'unlisted' : 'public',
      }),
    ),
  ]
}

export function makeBroadcast(id: string, videoId: string, title: string): Broadcast {
  return {
    id,
    videoId,
    title,
    state: 'live',
    channel: CHANNEL,
    startedAt: new Date().toISOString(),
    endedAt: null,
    endingWords: null,
    encoderUnheard: false,
    graceUntil: null,
    sessions: [
      {
        id: 'session-1',
        encoder: 'obs-studio/31.0',
        startedAt: new Date().toISOString(),
        endedAt: null,
        ending: null,
        endingWords: null,
        bytes: 1_200_000,
      },
    ],
    gaps: [],
    verdict: null,
    health: makeHealth({
      keyframeSeconds: 10,
      warnings: [
        'Keyframes every 10 s: set the keyframe interval to 2 s (OBS: Settings, Output, Streaming, Keyframe Interval), so that viewers join and seek quickly.',
      ],
    }),
    recording: { bytes: 1_200_000, durationSeconds: 4, url: `/api/v1/broadcasts/${id}/recording.flv` },
  }
}

export const KEYS: StreamKey[] = [
  { id: 'key-1', label: 'Desk OBS', hint: 'x7Qf', createdAt: ago(9000), lastUsedAt: ago(3), expiresAt: null },
]
export const TOKENS: ApiToken[] = [
  { id: 'token-1', label: 'Nightly import', createdAt: ago(9000), lastUsedAt: ago(600), expiresAt: null },
]

export const HEALTH_HISTORY = Array.from({ length: 120 }, (_, i) => ({
  at: new Date(Date.now() - (120 - i) * 2000).toISOString(),
  bitsPerSecond: i > 60 && i < 70 ? 700_000 : 2_500_000 + Math.round(Math.sin(i) * 200_000),
  frameRate: i > 60 && i < 70 ? 9 : 30,
}))

export const PEOPLE: User[] = [
  { ...PERSON, suspension: null, channels: [{ ...CHANNEL, storedBytes: 42_000_000_000, quotaBytes: null }] },
  {
    id: 'user-2',
    name: 'Mallory Loud',
    email: 'mallory.with-a-rather-long-address@example.org',
    role: 'creator',
    suspension: { reason: 'Broadcasts of films that are not hers', until: null },
    channels: [
      {
        id: 'channel-2',
        handle: 'mallory',
        name: 'Mallory',
        storedBytes: 9_100_000,
        quotaBytes: 10_000_000_000,
      },
    ],
  },
  { id: 'user-3', name: 'Bob', email: 'bob@example.org', role: 'viewer', suspension: null, channels: [] },
]

export const JOBS: Job[] = (
  [
    ['running', '480p, seconds 20 to 30', null],
    ['waiting', '720p, seconds 20 to 30', null],
    ['retrying', '480p, seconds 30 to 40', 'ffmpeg made no progress for 60 s and was ended.'],
    ['failed', '720p, seconds 0 to 10', 'ffmpeg ended with code 1: Invalid data found when processing input'],
    ['done', 'Poster', null],
  ] as const
).map(([state, subject, reason], i) => ({
  id: `job-${i}`,
  kind: subject === 'Poster' ? 'make-poster' : 'encode-chunk',
  videoId: 'making',
  videoTitle: 'A long walk through the old town, filmed on a phone',
  subject,
  state,
  priority: 0,
  attempts: state === 'retrying' ? 2 : 1,
  reason,
  log:
    state === 'failed'
      ? '[h264 @ 0x55d0] error while decoding MB 3 17\nError while decoding stream #0:0: Invalid data found when processing input'
      : null,
  why:
    state === 'waiting'
      ? '12 others come first.'
      : state === 'retrying'
        ? 'It is tried again at 14:05:09 UTC.'
        : null,
  percent: state === 'running' ? 42 : null,
  speed: state === 'running' ? 2.41 : null,
  secondsLeft: state === 'running' ? 2.4 : null,
  createdAt: ago(4),
  startedAt: state === 'waiting' ? null : ago(3),
  finishedAt: state === 'done' || state === 'failed' ? ago(2) : null,
}))

export const QUEUES: Queue[] = [
  { kind: 'encode-chunk', paused: null, waiting: 128, running: 2, failed: 1 },
  {
    kind: 'process-upload',
    paused: { at: new Date().toISOString(), by: 'user-1' },
    waiting: 3,
    running: 0,
    failed: 0,
  },
]
