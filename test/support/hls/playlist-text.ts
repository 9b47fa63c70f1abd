/** Playlists read back, as strictly as their grammar allows. RFC 8216 §4.1, §4.2 */

export interface Tag {
  readonly name: string
  readonly value: string
  /** 1-based. */
  readonly line: number
}

export interface ReadSegment {
  readonly uri: string
  readonly line: number
  /** Tags since the segment before. */
  readonly tags: readonly Tag[]
  readonly duration: number
  /** URI of the EXT-X-MAP that holds for it. */
  readonly map: string | undefined
  readonly discontinuity: boolean
  readonly gap: boolean
  readonly range: { readonly offset: number; readonly bytes: number } | undefined
}

export interface ReadPlaylist {
  readonly text: string
  readonly tags: readonly Tag[]
  /** Lines that are neither tags nor empty, each with the tags above it. */
  readonly segments: readonly ReadSegment[]
}

const MEDIA_TAGS =
  /^EXT(INF|-X-(BYTERANGE|DISCONTINUITY|MAP|GAP|TARGETDURATION|MEDIA-SEQUENCE|ENDLIST|PLAYLIST-TYPE|I-FRAMES-ONLY))$/
const MULTIVARIANT_TAGS = /^EXT-X-(MEDIA|STREAM-INF|I-FRAME-STREAM-INF)$/

export function readPlaylist(text: string): ReadPlaylist {
  const tags: Tag[] = []
  const segments: ReadSegment[] = []
  let since: Tag[] = []
  let map: string | undefined
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('#EXT')) {
      const at = line.indexOf(':')
      const tag = {
        name: at === -1 ? line.slice(1) : line.slice(1, at),
        value: at === -1 ? '' : line.slice(at + 1),
        line: index + 1,
      }
      tags.push(tag)
      since.push(tag)
      if (tag.name === 'EXT-X-MAP') map = /URI="([^"]*)"/.exec(tag.value)?.[1]
    } else if (line !== '' && !line.startsWith('#')) {
      const valueNamed = (name: string) => since.find((tag) => tag.name === name)?.value
      const range = /^(\d+)@(\d+)$/.exec(valueNamed('EXT-X-BYTERANGE') ?? '')
      segments.push({
        uri: line,
        line: index + 1,
        tags: since,
        duration: Number.parseFloat(valueNamed('EXTINF') ?? 'NaN'),
        map,
        discontinuity: since.some(({ name }) => name === 'EXT-X-DISCONTINUITY'),
        gap: since.some(({ name }) => name === 'EXT-X-GAP'),
        range: range ? { bytes: Number(range[1]), offset: Number(range[2]) } : undefined,
      })
      since = []
    }
  }
  return { text, tags, segments }
}

export function tagsNamed({ tags }: ReadPlaylist, name: string): readonly Tag[] {
  return tags.filter((tag) => tag.name === name)
}

export function hasTag(playlist: ReadPlaylist, name: string): boolean {
  return tagsNamed(playlist, name).length > 0
}

export function isMedia({ tags }: ReadPlaylist): boolean {
  return tags.some(({ name }) => MEDIA_TAGS.test(name))
}

export function isMultivariant({ tags }: ReadPlaylist): boolean {
  return tags.some(({ name }) => MULTIVARIANT_TAGS.test(name))
}

/** Values as written, quotes included. Throws SyntaxError on what is no attribute list, and on a name twice. */
export function readAttributes(list: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  let at = 0
  while (at < list.length) {
    const match = /^([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(,|$)/.exec(list.slice(at))
    if (!match) throw new SyntaxError(`no attribute list at ${at}: ${list}`)
    const [whole, name = '', value = ''] = match
    if (attributes.has(name)) throw new SyntaxError(`${name} twice: ${list}`)
    attributes.set(name, value)
    at += whole.length
  }
  return attributes
}

export function unquote(value: string | undefined): string | undefined {
  return value?.replace(/^"(.*)"$/, '$1')
}
