/** What viewers see, without sound: on request, since it costs the creator's own line. */
import { Button } from '@mantine/core'
import { IconEye } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { ApiProblem } from '../../../api/problem.ts'
import { videoQuery } from '../../../api/videos.ts'
import { Loading } from '../../../ui/states.tsx'
import classes from './preview.module.css'

const Player = lazy(async () => ({ default: (await import('../../../player/player.tsx')).Player }))
const ASK_AGAIN_MS = 3_000

export function Preview({ videoId }: { readonly videoId: string }) {
  const [shown, setShown] = useState(false)
  const queryClient = useQueryClient()
  const { data: video } = useQuery({
    ...videoQuery(videoId),
    refetchInterval: ({ state: { data } }) => (data?.playable ? false : ASK_AGAIN_MS),
  })
  const hls = video?.playable ? video.playback.hls : null
  if (video === undefined || hls === null) return null
  if (!shown)
    return (
      <Button
        variant="default"
        leftSection={<IconEye size={17} aria-hidden />}
        onClick={() => setShown(true)}
        data-testid="show-preview"
      >
        Show what viewers see
      </Button>
    )
  const askSource = async () => {
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
  }
  return (
    <div className={classes.frame} data-testid="preview">
      <Suspense fallback={<Loading />}>
        <Player
          videoId={videoId}
          title={video.title}
          hls={hls}
          poster={video.playback.poster}
          live
          muted
          durationSeconds={null}
          startSeconds={undefined}
          renditions={video.renditions}
          askSource={askSource}
        />
      </Suspense>
    </div>
  )
}
