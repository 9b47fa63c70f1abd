/** Wire shapes of captions, chapters and posters, shared with the web. Times are seconds. */
import { z } from 'zod'

/** RFC 5646, such as "en" or "pt-BR". */
const language = z
  .string()
  .trim()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*$/, 'must be a language such as en or pt-BR')
  .transform((given) => given.replaceAll('_', '-'))
  .refine(isLanguage, 'must be a language such as en or pt-BR')
  .transform((given) => Intl.getCanonicalLocales(given)[0] ?? given)

function isLanguage(given: string): boolean {
  try {
    return Intl.getCanonicalLocales(given).length > 0
  } catch {
    return false
  }
}

export const captionKind = z.enum(['subtitles', 'captions']).meta({
  id: 'CaptionKind',
  description: 'captions: also what is heard, for people who do not hear.',
})
const name = z.string().trim().max(100)
const yesOrNo = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])

export const caption = z
  .object({
    id: z.string(),
    /** RFC 5646; "und" when nobody said. */
    language: z.string(),
    name: z.string(),
    kind: captionKind,
    origin: z.enum(['upload', 'embedded', 'broadcast', 'speech']),
    isDefault: z.boolean(),
    /** WebVTT; relative to the site. Another address with each new text. */
    url: z.string(),
  })
  .meta({ id: 'Caption' })

/** Fields of the form, before the file. */
export const captionFields = z.object({
  language,
  name: name.default(''),
  kind: captionKind.default('subtitles'),
  isDefault: yesOrNo.default(false),
})

export const captionPatch = z
  .strictObject({ language, name: name.min(1), kind: captionKind, isDefault: z.boolean() })
  .partial()
  .meta({ id: 'CaptionPatch' })

export const captionList = z
  .object({
    items: z.array(caption),
    /** Words can be recognised by a program. */
    recognisesSpeech: z.boolean(),
  })
  .meta({ id: 'CaptionList' })

export const speechRequest = z
  .object({
    /** What is spoken; "auto": the program finds out. */
    language: z
      .string()
      .regex(/^(auto|[a-z]{2,3})$/, 'must be auto, or a language such as en')
      .default('auto'),
  })
  .meta({ id: 'SpeechRequest' })

export const chapter = z
  .object({ start: z.number().min(0).max(10_000_000), title: z.string().trim().min(1).max(200) })
  .meta({ id: 'Chapter' })

/** In order, each beginning after the one before. */
export const chapters = z
  .array(chapter)
  .max(500)
  .refine(
    (list) => list.every(({ start }, i) => i === 0 || start > (list[i - 1]?.start ?? 0)),
    'must be in order, each beginning after the one before',
  )

export const chapterList = z.object({ items: z.array(chapter) }).meta({ id: 'ChapterList' })

export const posterMoment = z
  .strictObject({
    /** Of the video. */
    seconds: z.number().min(0),
  })
  .meta({ id: 'PosterMoment' })

export type Caption = z.infer<typeof caption>
export type CaptionList = z.infer<typeof captionList>
export type CaptionPatch = z.infer<typeof captionPatch>
export type Chapter = z.infer<typeof chapter>
