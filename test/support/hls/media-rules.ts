/** Rules of every playlist and of media playlists. */
import {
  hasTag,
  isMedia,
  isMultivariant,
  type ReadPlaylist,
  readAttributes,
  tagsNamed,
} from './playlist-text.ts'
import type { ReadPresentation, Rule } from './presentation.ts'

const eachPlaylist = (of: (playlist: ReadPlaylist) => readonly string[]) => (read: ReadPresentation) =>
  read.all.flatMap(([uri, playlist]) => of(playlist).map((fault) => `${uri}: ${fault}`))
const eachMedia =
  (of: (playlist: ReadPlaylist, uri: string, read: ReadPresentation) => readonly string[]) =>
  (read: ReadPresentation) =>
    [...read.media].flatMap(([uri, playlist]) => of(playlist, uri, read).map((fault) => `${uri}: ${fault}`))

const isIFrames = (playlist: ReadPlaylist) => hasTag(playlist, 'EXT-X-I-FRAMES-ONLY')
const LIST_TAGS = /^EXT-X-(MEDIA|STREAM-INF|I-FRAME-STREAM-INF|MAP|START)$/

export const MEDIA_RULES: readonly Rule[] = [
  {
    id: 'RFC 8216 §4.1',
    says: 'UTF-8 without a byte order mark or control characters, lines that end in LF, tags of one kind of playlist',
    faults: eachPlaylist((playlist) => [
      ...(/[\p{Cc}\ufeff]/u.test(playlist.text.replaceAll('\n', '')) ? ['a control character'] : []),
      ...(playlist.text.endsWith('\n') ? [] : ['the last line has no end']),
      ...(isMedia(playlist) && isMultivariant(playlist) ? ['tags of both kinds'] : []),
    ]),
  },
  {
    id: 'RFC 8216 §4.2',
    says: 'attribute lists are well formed, and no name is in one twice',
    faults: eachPlaylist(({ tags }) =>
      tags.flatMap(({ name, value, line }) => {
        if (!LIST_TAGS.test(name)) return []
        try {
          readAttributes(value)
          return []
        } catch (error) {
          return [`line ${line}: ${String(error)}`]
        }
      }),
    ),
  },
  {
    id: 'RFC 8216 §4.3.1.1',
    says: 'EXTM3U is the first line',
    faults: eachPlaylist(({ text }) => (text.startsWith('#EXTM3U\n') ? [] : ['no EXTM3U'])),
  },
  {
    id: 'RFC 8216 §4.3.1.2 and §7',
    says: 'one EXT-X-VERSION, as high as what is used needs',
    faults: eachPlaylist((playlist) => {
      const [version, ...more] = tagsNamed(playlist, 'EXT-X-VERSION')
      const needed = Math.max(
        playlist.segments.some(({ tags }) => tags.some(({ value }) => /^\d+\.\d+,/.test(value))) ? 3 : 1,
        isIFrames(playlist) || hasTag(playlist, 'EXT-X-BYTERANGE') ? 4 : 1,
        hasTag(playlist, 'EXT-X-MAP') ? (isIFrames(playlist) ? 5 : 6) : 1,
      )
      return more.length > 0 || Number(version?.value ?? 1) < needed
        ? [`version ${needed} is needed, once`]
        : []
    }),
  },
  {
    id: 'RFC 8216 §4.3.2.1',
    says: 'every segment has its EXTINF, longer than nothing',
    faults: eachMedia(({ segments }) =>
      segments.flatMap(({ uri, duration }) => (duration > 0 ? [] : [`${uri} has no duration`])),
    ),
  },
  {
    id: 'RFC 8216 §4.3.2.3',
    says: 'a discontinuity where the decoder is configured anew',
    faults: eachMedia(({ segments }) =>
      segments.flatMap(({ uri, map, discontinuity }, i) =>
        i > 0 && map !== segments[i - 1]?.map && !discontinuity
          ? [`${uri} has another init without one`]
          : [],
      ),
    ),
  },
  {
    id: 'RFC 8216 §4.3.2.5',
    says: 'fragmented MP4 has its init named before the first segment',
    faults: eachMedia(({ segments }) =>
      segments.flatMap(({ uri, map }) => (map ? [] : [`${uri} has no EXT-X-MAP`])),
    ),
  },
  {
    id: 'RFC 8216 §4.3.3.1',
    says: 'one target duration, and no segment longer when rounded',
    faults: eachMedia((playlist) => {
      const [target, ...more] = tagsNamed(playlist, 'EXT-X-TARGETDURATION')
      if (!target || more.length > 0 || !/^\d+$/.test(target.value))
        return ['no single whole target duration']
      return playlist.segments.flatMap(({ uri, duration }) =>
        Math.round(duration) > Number(target.value) ? [`${uri} lasts ${duration} s`] : [],
      )
    }),
  },
  {
    id: 'RFC 8216 §4.3.3.2',
    says: 'the media sequence number stands before the first segment, once',
    faults: eachMedia((playlist) => {
      const found = tagsNamed(playlist, 'EXT-X-MEDIA-SEQUENCE')
      const first = playlist.segments[0]?.line ?? Number.POSITIVE_INFINITY
      return found.length === 1 && (found[0]?.line ?? 0) < first ? [] : ['not so']
    }),
  },
  {
    id: 'RFC 8216 §4.3.3.5',
    says: 'a playlist is VOD with its end, or EVENT',
    faults: eachMedia((playlist) => {
      const [type] = tagsNamed(playlist, 'EXT-X-PLAYLIST-TYPE')
      const ended = hasTag(playlist, 'EXT-X-ENDLIST')
      return (type?.value === 'VOD' && ended) || type?.value === 'EVENT'
        ? []
        : [`${type?.value}, ended ${ended}`]
    }),
  },
  {
    id: 'RFC 8216 §4.3.3.6',
    says: 'a playlist of keyframes names a byte range for each, in order and without the init',
    faults: eachMedia((playlist, uri, { streams }) => {
      const asked = streams.find((stream) => stream.uri === uri)?.iFrames === true
      if (isIFrames(playlist) !== asked)
        return [asked ? 'not of keyframes alone' : 'of keyframes, and not named so']
      if (!asked) return []
      const seen = new Set<string>()
      return playlist.segments.flatMap((segment) => {
        const again = seen.has(segment.uri)
        seen.add(segment.uri)
        return segment.gap || (segment.range && segment.range.bytes > 0 && !again)
          ? []
          : [`${segment.uri} has no range of its own`]
      })
    }),
  },
  {
    id: 'RFC 8216bis §4.4.4.2 EXT-X-BYTERANGE',
    says: 'a byte range lies within its file',
    faults: eachMedia(({ segments }, uri, { whole }) =>
      segments.flatMap(({ uri: file, range }, i) => {
        const size = whole.sizes?.[uri]?.[i]
        return range && size !== undefined && range.offset + range.bytes > size
          ? [`${file} ends before it`]
          : []
      }),
    ),
  },
]
