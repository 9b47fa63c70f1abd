/**
 * The sounds of an uploaded file that can be chosen: which is heard when nobody chooses, what each is
 * called, and in which folder it lies. Pure.
 *
 *     audio      heard by default; passed through when browsers play it
 *     audio-2 …  the others, in the order of the file; encoded
 */
import { AUDIO_RENDITION } from '../media/layout.ts'
import type { SourceAudio, SourceMedia } from './source.ts'

/** What is known of a rendition of sound, for menus and playlists. */
export interface SoundLabel {
  /** Shown in menus; no two of a video are the same. */
  readonly label: string
  /** BCP 47, such as "en"; absent when nobody said. */
  readonly language?: string
  readonly channels: number
}

export interface SoundTrack extends SoundLabel {
  /** Folder in the media store. */
  readonly name: string
  readonly source: SourceAudio
}

/** More would be a longer menu than anybody reads, and each costs an encoder. */
const MOST_TRACKS = 12
const LONGEST_LABEL = 80
const ONLY_TRACK = 'Audio'

/** The one heard by default first. */
export function soundTracks(media: Pick<SourceMedia, 'audio'>): readonly SoundTrack[] {
  const main = mainAudio(media)
  if (!main) return []
  const others = media.audio.filter((track) => track !== main).slice(0, MOST_TRACKS - 1)
  const taken = new Set<string>()
  return [main, ...others].map((source, index) => {
    const language = languageOf(source.language)
    return {
      name: index === 0 ? AUDIO_RENDITION : `${AUDIO_RENDITION}-${index + 1}`,
      source,
      ...(language ? { language: language.tag } : {}),
      label: unlike(
        taken,
        labelOf(source, language?.name, others.length === 0 ? ONLY_TRACK : `Track ${index + 1}`),
      ),
      // Browsers do not all play more than two; what has one does not gain by a second.
      channels: Math.min(2, source.channels),
    }
  })
}

/**
 * What is heard when nobody chooses: the track marked as default, else the first. A film with the same
 * language as Dolby sound and as AAC is heard as AAC, which plays as it is; comments on it and
 * descriptions for who does not see are no stand-in.
 */
export function mainAudio(media: Pick<SourceMedia, 'audio'>): SourceAudio | undefined {
  const wanted = media.audio.find((track) => track.isDefault) ?? media.audio[0]
  if (!wanted || playsAsItIs(wanted) || languageOf(wanted.language) === undefined) return wanted
  const twin = media.audio.find(
    (track) =>
      playsAsItIs(track) &&
      track.language === wanted.language &&
      !track.isAside &&
      !/comment|descri/i.test(track.title),
  )
  return twin ?? wanted
}

/** Many browsers play six channels of AAC, not all do; HE-AAC is fine in all. */
export function playsAsItIs({ codec, channels }: SourceAudio): boolean {
  return codec === 'aac' && channels <= 2
}

/** ISO 639-2 as containers have it ("ger", "deu", "eng"), or BCP 47 already. Undefined: none, or none that is known. */
export function languageOf(tag: string): { readonly tag: string; readonly name: string } | undefined {
  if (['', 'und', 'mis', 'mul', 'zxx'].includes(tag.toLowerCase())) return undefined
  try {
    const [canonical] = Intl.getCanonicalLocales(tag)
    const name = canonical && NAMES.of(canonical)
    return canonical && name ? { tag: canonical, name } : undefined
  } catch {
    // No language tag at all.
    return undefined
  }
}

const NAMES = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })

function labelOf({ title }: SourceAudio, language: string | undefined, otherwise: string): string {
  const said = title.replace(/\s+/g, ' ').trim().slice(0, LONGEST_LABEL)
  if (language === undefined) return said || otherwise
  return said === '' || said.toLowerCase() === language.toLowerCase()
    ? language
    : said.toLowerCase().includes(language.toLowerCase())
      ? said
      : `${language} (${said})`
}

/** RFC 8216 §4.3.4.1.1: names in a group differ. */
function unlike(taken: Set<string>, label: string): string {
  let name = label
  for (let n = 2; taken.has(name); n++) name = `${label} ${n}`
  taken.add(name)
  return name
}
