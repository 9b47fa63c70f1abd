/** The library: what is on air first, then everything, newest first; or what a search found. */
import { Badge, Button, Center, Code, Group, Select, SimpleGrid, Skeleton, Stack } from '@mantine/core'
import { useIntersection } from '@mantine/hooks'
import { IconSearchOff, IconVideo } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect } from 'react'
import { mayCreate, meQuery } from '../../api/session.ts'
import { type VideoListQuery, videosQuery } from '../../api/videos.ts'
import { pages } from '../../paths/paths.ts'
import { LinkButton } from '../../ui/links.tsx'
import { Page } from '../../ui/page.tsx'
import { Nothing, Trouble } from '../../ui/states.tsx'
import { useNow } from '../../ui/use-now.ts'
import { VideoCard } from '../../ui/video-card.tsx'
import { SORTS, sortOf, WORDS } from './words.ts'

const route = getRouteApi(pages.library)
const COLUMNS = { base: 1, xs: 2, md: 3, xl: 4 }
/** Cards in the first screenful, whose pictures are not worth waiting for. */
const EAGER_CARDS = 4

export function LibraryPage() {
  const search = route.useSearch()
  const { q, sort, tag, channel } = search
  const navigate = route.useNavigate()
  const query: VideoListQuery = {
    sort: sortOf(sort),
    ...(q && { q }),
    ...(tag && { tag }),
    ...(channel && { channel }),
  }
  const videos = useInfiniteQuery(videosQuery(query))
  const now = useNow(30_000)
  const items = videos.data?.pages.flatMap((page) => page.items) ?? []
  const without = (name: 'tag' | 'channel') => {
    const { [name]: _, ...rest } = search
    void navigate({ search: rest })
  }
  const filtered = Boolean(q || tag || channel)

  return (
    <Page
      title={q ? WORDS.found(q) : WORDS.title}
      actions={
        <Select
          aria-label="Order"
          size="sm"
          w={150}
          data={SORTS.map(({ value, label }) => ({ value, label }))}
          value={query.sort ?? 'newest'}
          onChange={(value) => void navigate({ search: { ...search, sort: value ?? 'newest' } })}
          allowDeselect={false}
          data-testid="sort"
        />
      }
    >
      <Group gap="xs" mb={tag || channel ? 'md' : 0}>
        {tag && <Filter label={`#${tag}`} onRemove={() => without('tag')} />}
        {channel && <Filter label={`Channel: ${channel}`} onRemove={() => without('channel')} />}
      </Group>
      {videos.isError && items.length === 0 ? (
        <Trouble
          error={videos.error}
          title="The library could not be loaded"
          onRetry={() => void videos.refetch()}
        />
      ) : videos.isPending ? (
        <Placeholders />
      ) : items.length === 0 ? (
        filtered ? (
          <NothingFound />
        ) : (
          <NothingYet />
        )
      ) : (
        <Stack gap="xl">
          <SimpleGrid cols={COLUMNS} spacing="lg" verticalSpacing="xl" data-testid="library">
            {items.map((video, i) => (
              <VideoCard key={video.id} video={video} now={now} eager={i < EAGER_CARDS} />
            ))}
          </SimpleGrid>
          {videos.hasNextPage && (
            <More busy={videos.isFetchingNextPage} onMore={() => void videos.fetchNextPage()} />
          )}
        </Stack>
      )}
    </Page>
  )
}

function Filter({ label, onRemove }: { readonly label: string; readonly onRemove: () => void }) {
  return (
    <Badge
      component="button"
      variant="light"
      size="lg"
      tt="none"
      onClick={onRemove}
      rightSection="×"
      aria-label={`Remove the filter ${label}`}
      style={{ cursor: 'pointer' }}
    >
      {label}
    </Badge>
  )
}

/** Loads the next page when it comes near; the button is for those who do not scroll. */
function More({ busy, onMore }: { readonly busy: boolean; readonly onMore: () => void }) {
  const { ref, entry } = useIntersection({ rootMargin: '600px' })
  const near = entry?.isIntersecting === true
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once each time it comes near, not for each new function.
  useEffect(() => {
    if (near && !busy) onMore()
  }, [near, busy])
  return (
    <Center ref={ref}>
      <Button variant="default" loading={busy} onClick={onMore} data-testid="more">
        More videos
      </Button>
    </Center>
  )
}

function Placeholders() {
  return (
    <SimpleGrid cols={COLUMNS} spacing="lg" verticalSpacing="xl" aria-label="Loading videos" role="status">
      {Array.from({ length: 8 }, (_, i) => `placeholder-${i}`).map((key) => (
        <div key={key}>
          <Skeleton style={{ aspectRatio: '16 / 9', height: 'auto' }} radius={12} />
          <Skeleton height={16} mt={12} width="80%" />
          <Skeleton height={12} mt={8} width="50%" />
        </div>
      ))}
    </SimpleGrid>
  )
}

function NothingFound() {
  return (
    <Nothing icon={<IconSearchOff size={32} aria-hidden />} title={WORDS.nothingFound}>
      {WORDS.nothingFoundAdvice}
    </Nothing>
  )
}

function NothingYet() {
  const { data: person } = useQuery(meQuery)
  return (
    <Nothing icon={<IconVideo size={32} aria-hidden />} title={WORDS.nothingYet}>
      {mayCreate(person) ? (
        <>
          {WORDS.firstSteps}
          <Group justify="center" mt="lg">
            <LinkButton to={pages.goLive}>Go live</LinkButton>
            <LinkButton to={pages.uploads} variant="default">
              Upload a video
            </LinkButton>
          </Group>
        </>
      ) : (
        <>
          {WORDS.firstStepsSignedOut}
          <Code block mt="md" ta="left">
            ffmpeg -re -i input.mp4 -c:v libx264 -c:a aac -f flv rtmp://{window.location.hostname}
            /live/your-stream-key
          </Code>
        </>
      )}
    </Nothing>
  )
}
