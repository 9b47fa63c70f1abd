/** Puts one event into the cache: the video or broadcast itself, and every list that shows it. */
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import type { Broadcast } from '../../../src/delivery/contract/broadcasts.ts'
import type { ServerEvent } from '../../../src/delivery/contract/events.ts'
import type { Job, JobList } from '../../../src/delivery/contract/jobs.ts'
import type { Video, VideoList } from '../../../src/delivery/contract/videos.ts'
import { broadcastKeys } from './broadcasts.ts'
import { jobKeys } from './job-keys.ts'
import { videoKeys } from './videos.ts'

type VideoPages = InfiniteData<VideoList, string | undefined>
type JobPages = InfiniteData<JobList, string | undefined>

export function applyServerEvent(queryClient: QueryClient, event: ServerEvent): void {
  if (event.type === 'video') applyVideo(queryClient, event.video)
  else if (event.type === 'video-deleted') applyDeleted(queryClient, event.videoId)
  else if (event.type === 'job') applyJob(queryClient, event.job)
  else applyBroadcast(queryClient, event.broadcast)
}

/** Also after an edit of our own, before the event about it arrives. */
export function applyVideo(queryClient: QueryClient, video: Video): void {
  queryClient.setQueryData(videoKeys.detail(video.id), video)
  let known = false
  for (const [key, pages] of queryClient.getQueriesData<VideoPages>({ queryKey: videoKeys.lists })) {
    const before = find(pages, video.id)
    if (pages === undefined || before === undefined) continue
    known = true
    queryClient.setQueryData(key, replace(pages, video))
    // A change of state can move it into another list or out of this one.
    if (before.state !== video.state || before.visibility !== video.visibility) known = false
  }
  if (!known) void queryClient.invalidateQueries({ queryKey: videoKeys.lists })
}

export function applyDeleted(queryClient: QueryClient, videoId: string): void {
  for (const [key, pages] of queryClient.getQueriesData<VideoPages>({ queryKey: videoKeys.lists })) {
    if (pages === undefined || find(pages, videoId) === undefined) continue
    queryClient.setQueryData(key, {
      ...pages,
      pages: pages.pages.map((page) => ({ ...page, items: page.items.filter(({ id }) => id !== videoId) })),
    })
  }
  void queryClient.invalidateQueries({ queryKey: videoKeys.detail(videoId) })
}

function applyJob(queryClient: QueryClient, job: Job): void {
  for (const [key, pages] of queryClient.getQueriesData<JobPages>({ queryKey: jobKeys.lists })) {
    const before = pages?.pages.flatMap(({ items }) => items).find(({ id }) => id === job.id)
    if (pages === undefined || before === undefined) continue
    queryClient.setQueryData(key, {
      ...pages,
      pages: pages.pages.map((page) => ({
        ...page,
        items: page.items.map((item) => (item.id === job.id ? job : item)),
      })),
    })
  }
}

function applyBroadcast(queryClient: QueryClient, broadcast: Broadcast): void {
  const key = broadcastKeys.detail(broadcast.id)
  const before = queryClient.getQueryData<Broadcast>(key)
  queryClient.setQueryData(key, broadcast)
  if (before?.state !== broadcast.state) void queryClient.invalidateQueries({ queryKey: broadcastKeys.lists })
}

function find(pages: VideoPages | undefined, videoId: string): Video | undefined {
  for (const page of pages?.pages ?? []) {
    const found = page.items.find(({ id }) => id === videoId)
    if (found !== undefined) return found
  }
  return undefined
}

function replace(pages: VideoPages, video: Video): VideoPages {
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      items: page.items.map((item) => (item.id === video.id ? video : item)),
    })),
  }
}
