/** The frame of a page: its heading, which is also the tab's title, and its width. */
import { Container, Group, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import type { ReactNode } from 'react'

interface PageProps {
  readonly title: string
  readonly lead?: ReactNode
  /** To the right of the heading. */
  readonly actions?: ReactNode
  readonly size?: 'xs' | 'sm' | 'md' | 'lg' | 'xl'
  readonly children: ReactNode
}

export function Page({ title, lead, actions, size = 'xl', children }: PageProps) {
  useDocumentTitle(`${title} · Reprise`)
  return (
    <Container size={size} py={{ base: 'md', sm: 'xl' }} px={{ base: 'md', sm: 'lg' }}>
      <Group justify="space-between" align="flex-end" mb="lg" gap="sm">
        <div>
          <Title order={1} size="h2">
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" mt={4} maw="60ch">
              {lead}
            </Text>
          )}
        </div>
        {actions}
      </Group>
      {children}
    </Container>
  )
}
