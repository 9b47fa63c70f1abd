/**
 * Chapters: as the creator set them, else as the description lists them, else as the file had them. Pure.
 *
 *     0:00 Welcome
 *     4:10 – The first question
 *     1:02:30 Thanks
 */
import { findSceneChanges, type SceneSheet } from '../pipeline/storyboard/scene-samples.ts'
import type { VideoRecord } from './video-record.ts'

export interface Chapter {
  /** Seconds. */
  readonly start: number
  readonly title: string
}

export type ChapterOrigin = 'creator' | 'description' | 'file'

const LINE = /^[\s*•-]*[([]?(?:(\d{1,2}):)?(\d{1,3}):(\d{2})[)\]]?\s*(?:[-–—:|.]\s*)?(\S.*)$/
const MOST_TITLE = 200
const LEAST_CHAPTERS = 2

export function chaptersOf(
  video: Pick<VideoRecord, 'description' | 'durationSeconds' | 'ownChapters' | 'sourceChapters'>,
): { readonly from: ChapterOrigin | null; readonly chapters: readonly Chapter[] } {
  const within = ({ start }: Chapter) => video.durationSeconds === null || start < video.durationSeconds
  if (video.ownChapters) return { from: 'creator', chapters: video.ownChapters.filter(within) }
  const listed = parseChapters(video.description).filter(within)
  if (listed.length >= LEAST_CHAPTERS) return { from: 'description', chapters: listed }
  const found = (video.sourceChapters ?? []).filter(within)
  return found.length > 0 ? { from: 'file', chapters: found } : { from: null, chapters: [] }
}

/** Lines that begin with a time, when the first is 0:00 and they go on upwards; else they are no list of chapters. */
export function parseChapters(description: string): readonly Chapter[] {
  const chapters: Chapter[] = []
  for (const line of description.split('\n')) {
    const match = LINE.exec(line)
    if (!match) continue
    const [, hours = '0', minutes = '0', seconds = '0', title = ''] = match
    if (Number(seconds) > 59) continue
    const start = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
    if (start <= (chapters.at(-1)?.start ?? -1)) return []
    chapters.push({ start, title: title.trim().slice(0, MOST_TITLE) })
  }
  return chapters[0]?.start === 0 && chapters.length >= LEAST_CHAPTERS ? chapters : []
}

/** Where its scenes change, as a beginning for somebody who knows what they are called. */
export function suggestChapters(sheets: readonly SceneSheet[], durationSeconds: number): readonly Chapter[] {
  const changes = findSceneChanges(sheets, durationSeconds)
  if (changes.length === 0) return []
  return [0, ...changes.map(({ start }) => start)].map((start, i) => ({
    start: Math.round(start * 10) / 10,
    title: `Chapter ${i + 1}`,
  }))
}
