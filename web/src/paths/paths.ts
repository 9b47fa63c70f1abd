/** Every address: pages of this site, and what they ask the server for. Nothing else spells a URL. */

/** Route patterns, as the router and its links take them. */
export const pages = {
  library: '/',
  watch: '/watch/$videoId',
  signIn: '/sign-in',
  studio: '/studio',
  goLive: '/studio/live',
  broadcast: '/studio/broadcasts/$broadcastId',
  uploads: '/studio/uploads',
  myVideos: '/studio/videos',
  editVideo: '/studio/videos/$videoId',
  admin: '/admin',
  adminVideos: '/admin/videos',
  adminJobs: '/admin/jobs',
  adminWorkers: '/admin/workers',
  adminPeople: '/admin/people',
  tokens: '/account/tokens',
} as const

const id = encodeURIComponent

export const api = {
  signIn: '/api/auth/sign-in/email',
  signOut: '/api/auth/sign-out',
  me: '/api/v1/me',
  events: '/api/v1/events',
  streamKeys: '/api/v1/stream-keys',
  streamKey: (keyId: string) => `/api/v1/stream-keys/${id(keyId)}`,
  broadcasts: '/api/v1/broadcasts',
  broadcast: (broadcastId: string) => `/api/v1/broadcasts/${id(broadcastId)}`,
  broadcastHealth: (broadcastId: string) => `/api/v1/broadcasts/${id(broadcastId)}/health`,
  endBroadcast: (broadcastId: string) => `/api/v1/broadcasts/${id(broadcastId)}/end`,
  videos: '/api/v1/videos',
  video: (videoId: string) => `/api/v1/videos/${id(videoId)}`,
  videoJobs: (videoId: string) => `/api/v1/videos/${id(videoId)}/jobs`,
  poster: (videoId: string) => `/api/v1/videos/${id(videoId)}/poster`,
  captions: (videoId: string) => `/api/v1/videos/${id(videoId)}/captions`,
  caption: (videoId: string, captionId: string) => `/api/v1/videos/${id(videoId)}/captions/${id(captionId)}`,
  speech: (videoId: string) => `/api/v1/videos/${id(videoId)}/captions/speech`,
  chapterSuggestions: (videoId: string) => `/api/v1/videos/${id(videoId)}/chapter-suggestions`,
  uploads: '/api/v1/uploads',
  resumableUploads: '/api/v1/uploads/tus',
  users: '/api/v1/users',
  suspendUser: (userId: string) => `/api/v1/users/${id(userId)}/suspend`,
  restoreUser: (userId: string) => `/api/v1/users/${id(userId)}/restore`,
  channel: (channelId: string) => `/api/v1/channels/${id(channelId)}`,
  jobs: '/api/v1/jobs',
  queues: '/api/v1/queues',
  pauseQueue: (kind: string) => `/api/v1/queues/${id(kind)}/pause`,
  resumeQueue: (kind: string) => `/api/v1/queues/${id(kind)}/resume`,
  retryJob: (jobId: string) => `/api/v1/jobs/${id(jobId)}/retry`,
  cancelJob: (jobId: string) => `/api/v1/jobs/${id(jobId)}/cancel`,
  workers: '/api/v1/workers',
  drainWorker: (workerId: string) => `/api/v1/workers/${id(workerId)}/drain`,
  resumeWorker: (workerId: string) => `/api/v1/workers/${id(workerId)}/resume`,
  tokens: '/api/v1/api-tokens',
  token: (tokenId: string) => `/api/v1/api-tokens/${id(tokenId)}`,
} as const

/** The whole address of a watch page, to be shared; `seconds` starts it there. */
export function watchAddress(origin: string, videoId: string, seconds?: number): string {
  const start = seconds === undefined ? '' : `?t=${Math.floor(seconds)}`
  return `${origin}/watch/${id(videoId)}${start}`
}

/** `url` with those of `query` that have a value. */
export function withQuery(url: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.set(name, String(value))
  const text = search.toString()
  return text === '' ? url : `${url}?${text}`
}

/** Only a path on this site may be returned to after sign-in: never another site's address. */
export function safeReturnPath(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) && !next.startsWith(pages.signIn)
    ? next
    : pages.library
}
