/** Going live: what is on air, how it went, and the settings for the encoder. */
import { SimpleGrid, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { broadcastsQuery } from '../../../api/broadcasts.ts'
import { meQuery } from '../../../api/session.ts'
import { Page } from '../../../ui/page.tsx'
import { useNow } from '../../../ui/use-now.ts'
import { EarlierBroadcasts } from './earlier-broadcasts.tsx'
import { LastBroadcast } from './last-broadcast.tsx'
import { OffAir, OnAir } from './on-air.tsx'
import { StreamKeys } from './stream-keys-card.tsx'
import { WORDS } from './words.ts'

/** Beside the events: a broadcast may start while they are cut off. */
const ASK_AGAIN_MS = 5_000

export function GoLivePage() {
  const { data: person } = useQuery(meQuery)
  const live = useQuery({ ...broadcastsQuery('live'), refetchInterval: ASK_AGAIN_MS })
  const interrupted = useQuery({ ...broadcastsQuery('interrupted'), refetchInterval: ASK_AGAIN_MS })
  const ended = useQuery({ ...broadcastsQuery('ended', 12), refetchInterval: ASK_AGAIN_MS * 3 })
  const mine = new Set(person?.channels.map(({ id }) => id))
  const ofMine = <T extends { channel: { id: string } }>(items: readonly T[] | undefined) =>
    (items ?? []).filter(({ channel }) => mine.has(channel.id))
  const onAir = [...ofMine(live.data?.items), ...ofMine(interrupted.data?.items)]
  const [last, ...earlier] = ofMine(ended.data?.items)
  const now = useNow(30_000)

  return (
    <Page title={WORDS.title} lead={WORDS.lead}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" style={{ alignItems: 'start' }}>
        <Stack>
          {onAir.length === 0 && <OffAir />}
          {onAir.map((broadcast) => (
            <OnAir key={broadcast.id} listed={broadcast} />
          ))}
          {last !== undefined && <LastBroadcast broadcast={last} />}
          {earlier.length > 0 && <EarlierBroadcasts broadcasts={earlier} now={now} />}
        </Stack>
        <StreamKeys />
      </SimpleGrid>
    </Page>
  )
}
