/** How an upload is played: as it is, its packets copied, or encoded. Pure. */
import { mainAudio, playsAsItIs } from './sound-tracks.ts'
import type { SourceMedia } from './source.ts'

export interface PlaybackChoice {
  readonly timeline: 'measured' | 'planned'
  /** The source has sound that browsers cannot play: it is encoded beside copied pictures. */
  readonly encodeAudio: boolean
  /** Why the pictures cannot be copied; for the log. */
  readonly why: string
}

/** Containers that packaging reads and that carry presentation times. AVI, ASF and program streams leave them to be guessed. */
const COPIED = /(^|,)(mov|matroska|mpegts|flv)(,|$)/

/** What every browser with Media Source Extensions plays: H.264 8-bit 4:2:0, progressive, and AAC in at most two channels. */
export function choosePlayback(media: SourceMedia): PlaybackChoice {
  const { video } = media
  const audio = mainAudio(media)
  const encodeAudio = audio !== undefined && !playsAsItIs(audio)
  if (!video) return { timeline: 'planned', encodeAudio, why: 'it has no pictures' }
  const why =
    video.codec !== 'h264'
      ? `${video.codec} is not played everywhere`
      : !['yuv420p', 'yuvj420p'].includes(video.pixelFormat)
        ? `${video.pixelFormat} is not played everywhere`
        : video.interlaced
          ? 'it is interlaced'
          : video.mirrored
            ? 'it is mirrored, which no player undoes'
            : !COPIED.test(media.container)
              ? `${media.container} does not say when reordered pictures are shown`
              : ''
  return { timeline: why === '' ? 'measured' : 'planned', encodeAudio, why }
}
