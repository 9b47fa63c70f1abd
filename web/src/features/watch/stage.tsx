/** The picture: the player as soon as anything can be played, before that what is being waited for. */
import { Loader, Progress, Stack, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type RefObject, useCallback, useRef } from 'react'
import type { Video } from '../../../../src/delivery/contract/videos.ts'
import { broadcastQuery } from '../../api/broadcasts.ts'
import { ApiProblem } from '../../api/problem.ts'
import { videoQuery } from '../../api/videos.ts'
import { pages } from '../../paths/paths.ts'
import type { PlayerHandle } from '../../player/make-player.ts'
import { Player } from '../../player/player.tsx'
import type { SourceAnswer } from '../../player/source-control.ts'
import { parseStart } from '../../player/start-position.ts'
import classes from './watch-page.module.css'
import { WORDS } from './words.ts'

const route = getRouteApi(pages.watch)
const ASK_BROADCAST_MS = 10_000

interface StageProps {
  readonly video: Video
  readonly player: RefObject<PlayerHandle | null>
}

export function Stage({ video, player }: StageProps) {
  const { t } = route.useSearch()
  const askSource = useAskSource(video.id)
  // A video that could be played once keeps its player, whatever its state becomes meanwhile.
  const hls = useRef<string>(null)
  if (video.playable && video.playback.hls !== null) hls.current = video.playback.hls
  const notice = useInterruption(video)

  if (hls.current === null) return <Waiting video={video} />
  return (
    <Player
      ref={player}
      videoId={video.id}
      title={video.title}
      hls={hls.current}
      poster={video.playback.poster}
      live={video.state === 'live'}
      durationSeconds={video.durationSeconds}
      startSeconds={t === undefined ? undefined : parseStart(t)}
      renditions={video.renditions}
      storyboard={video.playback.storyboard}
      chapters={video.chapters}
      notice={notice}
      waveform={isHeardOnly(video) ? video.playback.waveform : undefined}
      askSource={askSource}
    />
  )
}

function isHeardOnly({ renditions }: Video): boolean {
  return renditions.length > 0 && renditions.every(({ kind }) => kind === 'audio')
}

/** The video's present address, past every cache: signed addresses run out, and videos are deleted. */
function useAskSource(videoId: string): () => Promise<SourceAnswer> {
  const queryClient = useQueryClient()
  return useCallback(async () => {
    try {
      const { playback } = await queryClient.fetchQuery({
        ...videoQuery(videoId),
        staleTime: 0,
        retry: false,
      })
      return playback.hls === null ? { status: 503 } : { hls: playback.hls }
    } catch (error) {
      return { status: error instanceof ApiProblem ? error.status : 0 }
    }
  }, [queryClient, videoId])
}

/** While on air: whether the broadcaster's connection is lost. Nothing is said when the server does not tell. */
function useInterruption(video: Video): string | undefined {
  const { data } = useQuery({
    ...broadcastQuery(video.broadcastId ?? ''),
    enabled: video.state === 'live' && video.broadcastId !== null,
    refetchInterval: ASK_BROADCAST_MS,
    retry: false,
  })
  return video.state === 'live' && data?.state === 'interrupted' ? WORDS.interrupted : undefined
}

function Waiting({ video }: { readonly video: Video }) {
  const failed = video.state === 'failed'
  const [title, advice] = failed
    ? [WORDS.failed, video.failure?.detail ?? '']
    : video.state === 'live'
      ? [WORDS.waitingLive, WORDS.waitingLiveAdvice]
      : [WORDS.waitingUpload, WORDS.waitingUploadAdvice]
  return (
    <div className={classes.waiting} data-testid="waiting" role={failed ? 'alert' : 'status'}>
      {video.playback.poster !== null && (
        <img className={classes.poster} src={video.playback.poster} alt="" />
      )}
      <Stack className={classes.words ?? ''} align="center" gap="xs">
        {!failed && <Loader color="pine.3" type="dots" aria-hidden />}
        <Title order={2} size="h3">
          {title}
        </Title>
        <Text size="sm">{advice}</Text>
        {video.state === 'processing' && (
          <Progress
            w="100%"
            mt="sm"
            value={video.progress}
            color="pine.4"
            bg="rgb(255 255 255 / 18%)"
            aria-label="Progress"
            data-testid="waiting-progress"
          />
        )}
      </Stack>
    </div>
  )
}
