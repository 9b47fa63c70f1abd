/** Pages for addresses that lead nowhere, and for what broke. */
import { Group } from '@mantine/core'
import { IconMapPinOff } from '@tabler/icons-react'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { pages } from '../paths/paths.ts'
import { LinkButton } from '../ui/links.tsx'
import { Page } from '../ui/page.tsx'
import { Nothing, Trouble } from '../ui/states.tsx'

export function MissingPage() {
  return (
    <Page title="Page not found" size="sm">
      <Nothing icon={<IconMapPinOff size={32} aria-hidden />} title="There is nothing at this address">
        The link may be old or mistyped.
        <Group justify="center" mt="md">
          <LinkButton to={pages.library}>Go to the library</LinkButton>
        </Group>
      </Nothing>
    </Page>
  )
}

export function BrokenPage({ error, reset }: ErrorComponentProps) {
  // A chunk of an older build is gone after an update of the server: only a reload brings the new one.
  const outdated =
    error instanceof Error &&
    /dynamically imported module|importing a module script failed/i.test(error.message)
  return (
    <Page title="This page broke" size="sm">
      <Trouble
        error={error}
        title={outdated ? 'The site was updated' : 'This page broke'}
        onRetry={outdated ? () => window.location.reload() : reset}
      />
    </Page>
  )
}
