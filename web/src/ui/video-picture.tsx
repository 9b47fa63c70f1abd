/** A video's poster in 16:9 with what lies over it: duration, progress, and its state unless that is said beside it. */
import { IconPlayerPlay } from '@tabler/icons-react'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { formatDuration } from './format-time.ts'
import classes from './video-picture.module.css'
import { videoStateWords } from './video-state.ts'

interface VideoPictureProps {
  readonly video: Video
  /** Among the first pictures seen: loaded at once. */
  readonly eager?: boolean
  readonly showState?: boolean
  /** Show what moves, if there is such. */
  readonly moving?: boolean
}

export function VideoPicture({ video, eager = false, showState = true, moving = false }: VideoPictureProps) {
  const words = showState ? videoStateWords(video) : undefined
  return (
    <div className={classes.frame}>
      {video.playback.poster === null ? (
        <div className={classes.blank}>
          <IconPlayerPlay size={36} stroke={1.2} aria-hidden />
        </div>
      ) : (
        <img
          className={classes.image}
          src={video.playback.posterCard ?? video.playback.poster}
          alt=""
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
        />
      )}
      {moving && video.playback.preview !== null && (
        <img className={classes.preview} src={video.playback.preview} alt="" data-testid="video-preview" />
      )}
      {words !== undefined && words.tone !== 'quiet' && (
        <span
          className={classes.state}
          data-tone={words.tone}
          data-testid="video-state"
          data-state={video.state}
        >
          {words.label}
        </span>
      )}
      {words?.tone === 'quiet' && <span className={classes.state}>{words.label}</span>}
      {video.state !== 'live' && video.durationSeconds !== null && (
        <span className={classes.duration}>{formatDuration(video.durationSeconds)}</span>
      )}
      {video.state === 'processing' && (
        <div className={classes.progress} style={{ width: `${video.progress}%` }} />
      )}
    </div>
  )
}
