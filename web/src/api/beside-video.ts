/** Poster, captions and chapters of a video. Each answers with the video as it is then. */
import { queryOptions } from '@tanstack/react-query'
import {
  type CaptionList,
  type CaptionPatch,
  captionList,
  chapterList,
} from '../../../src/delivery/contract/captions.ts'
import { type Video, video } from '../../../src/delivery/contract/videos.ts'
import { api } from '../paths/paths.ts'
import { command, request } from './http.ts'

export const choosePosterMoment = (videoId: string, seconds: number): Promise<Video> =>
  request(video, api.poster(videoId), { method: 'PUT', body: { seconds } })

export const choosePosterPicture = (videoId: string, picture: File): Promise<Video> =>
  request(video, api.poster(videoId), { method: 'PUT', content: picture })

export const automaticPoster = (videoId: string): Promise<Video> =>
  request(video, api.poster(videoId), { method: 'DELETE' })

export const captionsQuery = (videoId: string) =>
  queryOptions({
    queryKey: ['captions', videoId] as const,
    queryFn: ({ signal }): Promise<CaptionList> => request(captionList, api.captions(videoId), { signal }),
  })

export interface GivenCaption {
  readonly language: string
  readonly name: string
  readonly kind: 'subtitles' | 'captions'
  readonly isDefault: boolean
}

export function addCaption(videoId: string, given: GivenCaption, file: File): Promise<Video> {
  const form = new FormData()
  for (const [name, value] of Object.entries(given)) form.append(name, String(value))
  form.append('file', file)
  return request(video, api.captions(videoId), { method: 'POST', content: form })
}

export function replaceCaption(videoId: string, captionId: string, file: File): Promise<Video> {
  const form = new FormData()
  form.append('file', file)
  return request(video, api.caption(videoId, captionId), { method: 'PUT', content: form })
}

export const changeCaption = (videoId: string, captionId: string, patch: CaptionPatch): Promise<Video> =>
  request(video, api.caption(videoId, captionId), { method: 'PATCH', body: patch })

export const removeCaption = (videoId: string, captionId: string): Promise<void> =>
  command(api.caption(videoId, captionId), { method: 'DELETE' })

export const recogniseSpeech = (videoId: string, language: string): Promise<void> =>
  command(api.speech(videoId), { body: { language } })

export const suggestChapters = (videoId: string) => request(chapterList, api.chapterSuggestions(videoId))
