/**
 * The player as a React component. It takes its source once, when it appears: a video that is live,
 * ends and becomes a replay stays in the same player, and its playlist's end is all that changes.
 */
import 'video.js/dist/video-js.css'
import './player.css'
import { type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { makePlayer, type PlayerHandle, type PlayerSettings } from './make-player.ts'
import type { PlaybackFailure } from './playback-failure.ts'
import type { PlayableRendition } from './quality-list.ts'
import type { PlayerChapter } from './seek-preview.ts'

export interface PlayerProps extends Omit<PlayerSettings, 'onFailure'> {
  readonly renditions: readonly PlayableRendition[]
  /** Over the picture while it stands still, such as "The broadcaster's connection was lost". */
  readonly notice?: string | undefined
  /** Of a video that is heard only: its waveform, once it is made. Undefined: it has pictures. */
  readonly waveform?: string | null | undefined
  readonly storyboard?: string | null
  readonly chapters?: readonly PlayerChapter[]
  readonly ref?: Ref<PlayerHandle>
}

const NO_CHAPTERS: readonly PlayerChapter[] = []

export function Player({
  renditions,
  notice,
  waveform,
  storyboard = null,
  chapters = NO_CHAPTERS,
  ref,
  ...settings
}: PlayerProps) {
  const host = useRef<HTMLDivElement>(null)
  const newest = useRef(settings)
  newest.current = settings
  const [player, setPlayer] = useState<PlayerHandle>()
  const [failure, setFailure] = useState<PlaybackFailure>()
  const { videoId } = settings

  useEffect(() => {
    if (host.current === null || newest.current.videoId !== videoId) return
    const made = makePlayer(host.current, {
      ...newest.current,
      askSource: () => newest.current.askSource(),
      onFailure: setFailure,
    })
    setPlayer(made)
    return () => {
      setPlayer(undefined)
      made.dispose()
    }
  }, [videoId])

  useEffect(() => player?.setRenditions(renditions), [player, renditions])
  useEffect(() => player?.showBeside(storyboard, chapters), [player, storyboard, chapters])
  const { poster } = settings
  useEffect(
    () => player?.showSound(waveform === undefined ? null : { waveform, poster }),
    [player, waveform, poster],
  )
  useImperativeHandle(ref, () => player as PlayerHandle, [player])

  const words =
    failure ?? (notice === undefined ? undefined : { kind: 'notice' as const, title: notice, advice: '' })
  return (
    <div
      className={`reprise-stage${waveform === undefined ? '' : ' reprise-stage-sound'}`}
      data-testid="player"
      ref={host}
    >
      {player !== undefined &&
        words !== undefined &&
        createPortal(
          <div
            className={`reprise-notice reprise-notice-${words.kind}`}
            role="status"
            data-testid="player-notice"
          >
            <strong>{words.title}</strong>
            {words.advice !== '' && <span>{words.advice}</span>}
            {words.kind === 'passing' && (
              <button type="button" onClick={() => player.retryNow()} data-testid="player-retry">
                Try now
              </button>
            )}
          </div>,
          player.element,
        )}
    </div>
  )
}
