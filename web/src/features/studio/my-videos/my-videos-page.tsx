/** The creator's own videos, whatever their visibility and state. */
import { Group } from '@mantine/core'
import { IconMovie } from '@tabler/icons-react'
import { pages } from '../../../paths/paths.ts'
import { LinkButton } from '../../../ui/links.tsx'
import { Page } from '../../../ui/page.tsx'
import { Nothing } from '../../../ui/states.tsx'
import { VideoRows } from '../../../ui/video-rows.tsx'

export function MyVideosPage() {
  return (
    <Page title="My videos">
      <VideoRows
        query={{ scope: 'mine' }}
        empty={
          <Nothing icon={<IconMovie size={32} aria-hidden />} title="You have no videos yet">
            Broadcasts and uploads of yours are kept here.
            <Group justify="center" mt="md">
              <LinkButton to={pages.goLive}>Go live</LinkButton>
              <LinkButton to={pages.uploads} variant="default">
                Upload a video
              </LinkButton>
            </Group>
          </Nothing>
        }
      />
    </Page>
  )
}
