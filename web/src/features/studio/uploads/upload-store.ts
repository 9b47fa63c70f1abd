/**
 * Uploads in progress. They belong to the tab, not to a page: they go on while the person looks
 * around, and the store lives as long as the cache it is kept by.
 *
 *     waiting ──▶ uploading ──▶ checking ──▶ done
 *                     │             │
 *                     └──▶ failed ◀─┘   retry ──▶ uploading
 */
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { Video, Visibility } from '../../../../../src/delivery/contract/videos.ts'
import { applyVideo } from '../../../api/apply-server-event.ts'
import { wordsFor } from '../../../api/problem.ts'
import { editVideo, videoKeys } from '../../../api/videos.ts'
import { addSample, type Sample, titleFromFileName } from './upload-speed.ts'
import { makeUploader, type Uploader } from './uploader.ts'

export interface UploadItem {
  readonly id: string
  readonly fileName: string
  readonly size: number
  readonly title: string
  readonly visibility: Visibility
  readonly state: 'waiting' | 'uploading' | 'checking' | 'done' | 'failed'
  readonly samples: readonly Sample[]
  /** Why it failed. */
  readonly reason?: string
  /** Made of it; unknown after a resumable upload until the server tells by an event. */
  readonly video?: Video
}

export interface UploadStore {
  add(files: readonly File[], visibility: Visibility): void
  edit(id: string, change: { title?: string; visibility?: Visibility }): void
  retry(id: string): void
  /** Cancels it, or takes a finished one off the list. */
  remove(id: string): void
  subscribe(listener: () => void): () => void
  items(): readonly UploadItem[]
}

const stores = new WeakMap<QueryClient, UploadStore>()

export function uploadStoreOf(queryClient: QueryClient): UploadStore {
  const store = stores.get(queryClient) ?? makeUploadStore(queryClient)
  stores.set(queryClient, store)
  return store
}

export function useUploads(store: UploadStore): readonly UploadItem[] {
  return useSyncExternalStore(store.subscribe, store.items)
}

function makeUploadStore(queryClient: QueryClient): UploadStore {
  const listeners = new Set<() => void>()
  let items: readonly UploadItem[] = []
  const set = (next: readonly UploadItem[]) => {
    items = next
    for (const listener of listeners) listener()
  }
  const change = (id: string, part: Partial<UploadItem>) =>
    set(items.map((item) => (item.id === id ? { ...item, ...part } : item)))
  const find = (id: string) => items.find((item) => item.id === id)
  /** What was sent with the file: what was edited since is saved when the video is there. */
  const sentAs = new Map<string, { title: string; visibility: Visibility }>()

  const uploader: Uploader = makeUploader({
    onProgress(id, bytes) {
      const item = find(id)
      if (item === undefined || item.state === 'done') return
      const samples = addSample(item.samples, { atMs: performance.now(), bytes })
      change(id, { samples, state: bytes >= item.size ? 'checking' : 'uploading' })
    },
    onFailure: (id, reason) => change(id, { state: 'failed', reason }),
    onDone(id, video) {
      change(id, { state: 'done', ...(video && { video }) })
      if (video === undefined) void queryClient.invalidateQueries({ queryKey: videoKeys.lists })
      else applyVideo(queryClient, video)
      const [item, sent] = [find(id), sentAs.get(id)]
      if (item && sent && (item.title !== sent.title || item.visibility !== sent.visibility)) saveEdit(item)
    },
  })

  function saveEdit(item: UploadItem): void {
    if (item.video === undefined || item.title.trim() === '') return
    editVideo(item.video.id, { title: item.title, visibility: item.visibility }).then(
      (video) => {
        applyVideo(queryClient, video)
        change(item.id, { video })
      },
      (error: unknown) => change(item.id, { reason: `The new title could not be saved: ${wordsFor(error)}` }),
    )
  }

  window.addEventListener('beforeunload', (event) => {
    if (items.some(({ state }) => state === 'uploading' || state === 'waiting' || state === 'checking'))
      event.preventDefault()
  })

  return {
    add(files, visibility) {
      for (const file of files) {
        const meta = { title: titleFromFileName(file.name), visibility }
        const id = crypto.randomUUID?.() ?? String(Math.random())
        sentAs.set(id, meta)
        set([...items, { id, fileName: file.name, size: file.size, ...meta, state: 'waiting', samples: [] }])
        if (file.size === 0) change(id, { state: 'failed', reason: 'This file is empty.' })
        else uploader.start(id, file, meta)
      }
    },
    edit(id, { title, visibility }) {
      change(id, { ...(title !== undefined && { title }), ...(visibility && { visibility }) })
      const item = find(id)
      if (item?.state === 'done') saveEdit(item)
    },
    retry(id) {
      const item = find(id)
      if (item === undefined) return
      const { reason: _, ...rest } = item
      set(items.map((other) => (other.id === id ? { ...rest, state: 'uploading', samples: [] } : other)))
      sentAs.set(id, { title: item.title, visibility: item.visibility })
      uploader.retry(id, { title: item.title, visibility: item.visibility })
    },
    remove(id) {
      uploader.cancel(id)
      sentAs.delete(id)
      set(items.filter((item) => item.id !== id))
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    items: () => items,
  }
}
