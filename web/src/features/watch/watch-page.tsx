/**
 * One video for its whole life at one address: waiting for its first picture, live, and the replay.
 * The player stays the same through all of it.
 */
import { Container } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconMovieOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useRef } from 'react'
import type { Video } from '../../../../src/delivery/contract/videos.ts'
import { ApiProblem } from '../../api/problem.ts'
import { meQuery } from '../../api/session.ts'
import { videoQuery } from '../../api/videos.ts'
import { pages } from '../../paths/paths.ts'
import type { PlayerHandle } from '../../player/make-player.ts'
import { LinkButton } from '../../ui/links.tsx'
import { Loading, Nothing, Trouble } from '../../ui/states.tsx'
import { Stage } from './stage.tsx'
import { VideoDetails } from './video-details.tsx'
import classes from './watch-page.module.css'
import { WORDS } from './words.ts'

const route = getRouteApi(pages.watch)
/** Beside the events, which a proxy may swallow. */
const ASK_AGAIN_MS = { waiting: 3_000, live: 15_000, processing: 10_000 }

export function WatchPage() {
  const { videoId } = route.useParams()
  const {
    data: video,
    error,
    refetch,
  } = useQuery({
    ...videoQuery(videoId),
    refetchInterval: ({ state: { data } }) => {
      if (data === undefined || data.state === 'ready' || data.state === 'failed') return false
      return data.playable ? ASK_AGAIN_MS[data.state] : ASK_AGAIN_MS.waiting
    },
  })
  useDocumentTitle(
    video === undefined ? 'Reprise' : `${video.state === 'live' ? '● ' : ''}${video.title} · Reprise`,
  )

  if (video !== undefined) return <Watch key={video.id} video={video} />
  if (error === null) return <Loading label="Loading the video" />
  return (
    <Container size="sm" py="xl">
      {error instanceof ApiProblem && [401, 403, 404].includes(error.status) ? (
        <Missing />
      ) : (
        <Trouble error={error} title="The video could not be loaded" onRetry={() => void refetch()} />
      )}
    </Container>
  )
}

function Missing() {
  const { data: person } = useQuery(meQuery)
  const { videoId } = route.useParams()
  return (
    <Nothing icon={<IconMovieOff size={32} aria-hidden />} title={WORDS.missing}>
      {WORDS.missingAdvice}
      <div>
        {person ? (
          <LinkButton mt="md" to={pages.library}>
            Go to the library
          </LinkButton>
        ) : (
          <LinkButton mt="md" to={pages.signIn} search={{ next: `/watch/${videoId}` }}>
            Sign in
          </LinkButton>
        )}
      </div>
    </Nothing>
  )
}

function Watch({ video }: { readonly video: Video }) {
  const player = useRef<PlayerHandle>(null)
  return (
    <div className={classes.page} data-testid="watch" data-state={video.state} data-playable={video.playable}>
      <Stage video={video} player={player} />
      <VideoDetails video={video} player={player} />
    </div>
  )
}
