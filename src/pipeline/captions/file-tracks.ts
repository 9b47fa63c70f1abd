/** Text tracks and chapters of an uploaded file, from ffprobe's JSON (`-show_streams -show_chapters`). Pure. */
import { z } from 'zod'
import type { FoundChapter } from '../beside-catalogue.ts'
import { languageName, normaliseLanguage } from './languages.ts'

/** What ffmpeg makes WebVTT of: everything that is text, not pictures of it. */
const TEXT_CODECS: ReadonlySet<string> = new Set([
  'mov_text',
  'subrip',
  'srt',
  'ass',
  'ssa',
  'webvtt',
  'text',
  'microdvd',
  'subviewer',
  'ttml',
])
const MOST_TRACKS = 64
const MOST_CHAPTERS = 500
const MOST_TITLE = 200

export interface FileTrack {
  /** Of the stream in the file. */
  readonly index: number
  readonly language: string
  readonly name: string
  readonly kind: 'subtitles' | 'captions'
  readonly isDefault: boolean
}

const text = z.string().catch('')
const tags = z.record(z.string(), z.string()).catch({})
const probe = z.object({
  streams: z
    .array(
      z.looseObject({
        index: z.number(),
        codec_type: text,
        codec_name: text,
        tags,
        disposition: z.record(z.string(), z.number()).catch({}),
      }),
    )
    .catch([]),
  chapters: z.array(z.looseObject({ start_time: z.coerce.number(), tags })).catch([]),
})

export function readFileTracks(json: unknown): {
  readonly tracks: readonly FileTrack[]
  readonly chapters: readonly FoundChapter[]
} {
  const parsed = probe.safeParse(json)
  if (!parsed.success) return { tracks: [], chapters: [] }
  const tracks = parsed.data.streams
    .filter(({ codec_type, codec_name }) => codec_type === 'subtitle' && TEXT_CODECS.has(codec_name))
    .slice(0, MOST_TRACKS)
    .map(({ index, tags: said, disposition }): FileTrack => {
      const language = normaliseLanguage(said.language ?? '')
      const title = (said.title ?? '').trim().slice(0, MOST_TITLE)
      const forHearing = disposition.hearing_impaired === 1 || /\b(sdh|cc)\b/i.test(title)
      return {
        index,
        language,
        name: title || languageName(language),
        kind: forHearing ? 'captions' : 'subtitles',
        isDefault: disposition.default === 1,
      }
    })
  const chapters = parsed.data.chapters
    .map(({ start_time: start, tags: said }, i) => ({
      start: Math.max(0, start),
      title: (said.title ?? '').trim().slice(0, MOST_TITLE) || `Chapter ${i + 1}`,
    }))
    .toSorted((a, b) => a.start - b.start)
    .filter(({ start }, i, all) => start !== all[i - 1]?.start)
    .slice(0, MOST_CHAPTERS)
  // One at the very beginning alone says nothing.
  return { tracks, chapters: chapters.length > 1 ? chapters : [] }
}
