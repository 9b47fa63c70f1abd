/** The catalogue: lists, one video, editing and deleting. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import {
  type Video,
  type VideoPatch,
  type VideoQuery,
  video,
  videoList,
} from '../../../src/delivery/contract/videos.ts'
import { api, withQuery } from '../paths/paths.ts'
import { command, request } from './http.ts'

export type VideoListQuery = Partial<Omit<VideoQuery, 'cursor'>>

export const videoKeys = {
  all: ['videos'] as const,
  lists: ['videos', 'list'] as const,
  detail: (videoId: string) => ['videos', 'detail', videoId] as const,
}

export const videosQuery = (query: VideoListQuery) =>
  infiniteQueryOptions({
    queryKey: [...videoKeys.lists, query] as const,
    queryFn: ({ pageParam, signal }) =>
      request(videoList, withQuery(api.videos, { ...query, cursor: pageParam }), { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

export const videoQuery = (videoId: string) =>
  queryOptions({
    queryKey: videoKeys.detail(videoId),
    queryFn: ({ signal }) => request(video, api.video(videoId), { signal }),
  })

export const editVideo = (videoId: string, patch: VideoPatch): Promise<Video> =>
  request(video, api.video(videoId), { method: 'PATCH', body: patch })

export const deleteVideo = (videoId: string): Promise<void> =>
  command(api.video(videoId), { method: 'DELETE' })
