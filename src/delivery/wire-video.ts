/** A video as the contract shows it to one asker. */
import { chaptersOf } from '../library/chapters.ts'
import { type Asker, may } from '../library/permissions.ts'
import { subjectOf, type VideoRecord } from '../library/video-record.ts'
import type { Video } from './contract/videos.ts'
import { type MediaTokens, mediaName } from './media/media-token.ts'

/** The asker may watch the video: the addresses it holds let anybody watch who has them. */
export type ShowVideo = (video: VideoRecord, asker: Asker) => Video

export function makeShowVideo(tokens: MediaTokens): ShowVideo {
  return (video, asker) => {
    const name = mediaName(video)
    const base = `/media/${tokens.mint(name, video.visibility)}/${name}`
    const subject = subjectOf(video)
    const { from, chapters } = chaptersOf(video)
    const poster = (size: '' | '-card') =>
      video.posterName === null ? `${base}/poster.jpg` : `${base}/poster/${video.posterName}${size}.jpg`
    return {
      id: video.id,
      origin: video.origin,
      title: video.title,
      description: video.description,
      tags: [...video.tags],
      visibility: video.visibility,
      state: video.state,
      playable: video.playable,
      failure: video.failure,
      durationSeconds: video.durationSeconds,
      width: video.width,
      height: video.height,
      frameRate: video.frameRate,
      progress: video.progress,
      loudness: video.loudness,
      channel: { id: video.channel.id, handle: video.channel.handle, name: video.channel.name },
      broadcastId: video.broadcastId,
      publishedAt: video.publishedAt.toISOString(),
      createdAt: video.createdAt.toISOString(),
      captions: video.captions.map(({ version, ...track }) => ({
        ...track,
        url: `${base}/captions/${track.id}-${version}.vtt`,
      })),
      chapters: chapters.map(({ start, title }) => ({ start, title })),
      chaptersFrom: from,
      renditions: video.renditions.map((rendition) => ({ ...rendition })),
      playback: {
        hls: video.playable ? `${base}/master.m3u8` : null,
        waveform: video.hasWaveform ? `${base}/waveform.json` : null,
        poster: video.hasPoster ? poster('') : null,
        posterCard: video.hasPoster ? poster('-card') : null,
        preview: video.previewName === null ? null : `${base}/preview/${video.previewName}.webp`,
        storyboard: video.storyboardSheets > 0 ? `${base}/storyboard.vtt` : null,
      },
      permissions: { edit: may(asker, 'edit', subject), delete: may(asker, 'delete', subject) },
    }
  }
}
