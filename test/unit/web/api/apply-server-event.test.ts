import { type InfiniteData, QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import type { Video, VideoList } from '../../../../src/delivery/contract/videos.ts'
import { applyServerEvent } from '../../../../web/src/api/apply-server-event.ts'
import { videoKeys } from '../../../../web/src/api/videos.ts'
import { video } from '../../../support/web/stand-in-catalogue.ts'

const LIST = [...videoKeys.lists, {}]

function cacheWith(...ids: string[]) {
  const queryClient = new QueryClient()
  const pages = {
    pages: [{ items: ids.map((id) => video(id, {})), nextCursor: null }],
    pageParams: [undefined],
  }
  queryClient.setQueryData(LIST, pages)
  const listed = () =>
    queryClient.getQueryData<InfiniteData<VideoList>>(LIST)?.pages.flatMap(({ items }) => items) ?? []
  const stale = () => queryClient.getQueryState(LIST)?.isInvalidated === true
  return { queryClient, listed, stale }
}

describe('an event from the server', () => {
  it('changes the video on its page and in every list, in place', () => {
    const { queryClient, listed, stale } = cacheWith('a', 'b')
    applyServerEvent(queryClient, { type: 'video', video: video('b', { title: 'New title' }) })
    expect(listed().map(({ title }) => title)).toEqual(['a', 'New title'])
    expect(queryClient.getQueryData<Video>(videoKeys.detail('b'))?.title).toBe('New title')
    expect(stale()).toBe(false)
  })

  it('has lists asked for again when the video is new, or may belong elsewhere now', () => {
    const fresh = cacheWith('a')
    applyServerEvent(fresh.queryClient, { type: 'video', video: video('new', {}) })
    expect(fresh.stale()).toBe(true)
    const ended = cacheWith('a')
    applyServerEvent(ended.queryClient, { type: 'video', video: video('a', { state: 'processing' }) })
    expect(ended.stale()).toBe(true)
  })

  it('takes a deleted video out of the lists', () => {
    const { queryClient, listed } = cacheWith('a', 'b', 'c')
    applyServerEvent(queryClient, { type: 'video-deleted', videoId: 'b' })
    expect(listed().map(({ id }) => id)).toEqual(['a', 'c'])
  })
})
