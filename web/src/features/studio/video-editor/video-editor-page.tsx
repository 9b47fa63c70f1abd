/** What a video shows beside its pictures: its poster, captions and chapters, with the video to choose from. */
import { Grid, Stack } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useRef } from 'react'
import type { Video } from '../../../../../src/delivery/contract/videos.ts'
import { ApiProblem } from '../../../api/problem.ts'
import { videoQuery } from '../../../api/videos.ts'
import { pages } from '../../../paths/paths.ts'
import type { PlayerHandle } from '../../../player/make-player.ts'
import { Player } from '../../../player/player.tsx'
import type { SourceAnswer } from '../../../player/source-control.ts'
import { LinkButton } from '../../../ui/links.tsx'
import { Page } from '../../../ui/page.tsx'
import { Loading, Trouble } from '../../../ui/states.tsx'
import { CaptionsCard } from './captions-card.tsx'
import { ChaptersCard } from './chapters-card.tsx'
import { PosterCard } from './poster-card.tsx'

const route = getRouteApi(pages.editVideo)

export function VideoEditorPage() {
  const { videoId } = route.useParams()
  const { data: video, error, refetch } = useQuery(videoQuery(videoId))
  if (video === undefined)
    return error === null ? <Loading /> : <Trouble error={error} onRetry={() => void refetch()} />
  return <Editor key={video.id} video={video} />
}

function Editor({ video }: { readonly video: Video }) {
  const player = useRef<PlayerHandle>(null)
  const queryClient = useQueryClient()
  const askSource = useCallback(async (): Promise<SourceAnswer> => {
    try {
      const { playback } = await queryClient.fetchQuery({
        ...videoQuery(video.id),
        staleTime: 0,
        retry: false,
      })
      return playback.hls === null ? { status: 503 } : { hls: playback.hls }
    } catch (error) {
      return { status: error instanceof ApiProblem ? error.status : 0 }
    }
  }, [queryClient, video.id])
  const seconds = () => player.current?.seconds() ?? 0
  return (
    <Page
      title={video.title}
      lead="Poster, captions and chapters. What you change here is seen at once."
      actions={
        <LinkButton to={pages.watch} params={{ videoId: video.id }} variant="default">
          Watch
        </LinkButton>
      }
    >
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          {video.playback.hls !== null && (
            <Player
              ref={player}
              videoId={video.id}
              title={video.title}
              hls={video.playback.hls}
              poster={video.playback.poster}
              live={video.state === 'live'}
              muted
              durationSeconds={video.durationSeconds}
              startSeconds={0}
              renditions={video.renditions}
              storyboard={video.playback.storyboard}
              chapters={video.chapters}
              askSource={askSource}
            />
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <PosterCard video={video} seconds={seconds} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="lg">
            <CaptionsCard video={video} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <ChaptersCard video={video} seconds={seconds} onSeek={(at) => player.current?.seek(at)} />
        </Grid.Col>
      </Grid>
    </Page>
  )
}
