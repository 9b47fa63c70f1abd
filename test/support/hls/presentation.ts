/** A presentation as a player finds it: its playlists, read, and what they are about. */
import { type ReadPlaylist, readAttributes, readPlaylist, tagsNamed, unquote } from './playlist-text.ts'

export interface Presentation {
  /** Text of the multivariant playlist. */
  readonly multivariant: string
  /** Texts of the media playlists, by their URI as the multivariant playlist has it. */
  readonly media: Readonly<Record<string, string>>
  /** Bytes of the segments of a media playlist, in its order, when all of them are made. */
  readonly sizes?: Readonly<Record<string, readonly number[]>>
  /** It has keyframes that are known: it has to be scrubbed through. */
  readonly scrubbed?: boolean
}

export interface Rule {
  readonly id: string
  readonly says: string
  readonly faults: (read: ReadPresentation) => readonly string[]
}

export interface Stream {
  readonly line: number
  readonly attributes: ReadonlyMap<string, string>
  readonly uri: string
  readonly iFrames: boolean
}

export interface ReadPresentation {
  readonly whole: Presentation
  readonly multivariant: ReadPlaylist
  readonly media: ReadonlyMap<string, ReadPlaylist>
  readonly all: readonly (readonly [string, ReadPlaylist])[]
  /** Variants, then variants of keyframes alone. */
  readonly streams: readonly Stream[]
  readonly groups: readonly { readonly attributes: ReadonlyMap<string, string>; readonly line: number }[]
}

export function readPresentation(whole: Presentation): ReadPresentation {
  const multivariant = readPlaylist(whole.multivariant)
  const media = new Map(Object.entries(whole.media).map(([uri, text]) => [uri, readPlaylist(text)] as const))
  const attributesOf = (value: string) => {
    try {
      return readAttributes(value)
    } catch {
      return new Map<string, string>()
    }
  }
  const variants = multivariant.tags
    .filter(({ name }) => name === 'EXT-X-STREAM-INF')
    .map(({ value, line }) => ({
      line,
      attributes: attributesOf(value),
      uri: multivariant.segments.find((segment) => segment.line === line + 1)?.uri ?? '',
      iFrames: false,
    }))
  const iFrames = tagsNamed(multivariant, 'EXT-X-I-FRAME-STREAM-INF').map(({ value, line }) => {
    const attributes = attributesOf(value)
    return { line, attributes, uri: unquote(attributes.get('URI')) ?? '', iFrames: true }
  })
  return {
    whole,
    multivariant,
    media,
    all: [['multivariant', multivariant], ...media],
    streams: [...variants, ...iFrames],
    groups: tagsNamed(multivariant, 'EXT-X-MEDIA').map(({ value, line }) => ({
      line,
      attributes: attributesOf(value),
    })),
  }
}
