/** What a page shows instead of its content: nothing there, an error, loading. */
import { Alert, Button, Center, Loader, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { wordsFor } from '../api/problem.ts'

export function Nothing({
  icon,
  title,
  children,
}: {
  readonly icon: ReactNode
  readonly title: string
  readonly children?: ReactNode
}) {
  return (
    <Stack align="center" gap="sm" py={64} px="md" ta="center" data-testid="empty">
      <ThemeIcon size={64} radius="xl" variant="light">
        {icon}
      </ThemeIcon>
      <Title order={2} size="h3">
        {title}
      </Title>
      <Text component="div" c="dimmed" maw="52ch">
        {children}
      </Text>
    </Stack>
  )
}

export function Trouble({
  error,
  onRetry,
  title,
}: {
  readonly error: unknown
  readonly onRetry?: () => void
  readonly title?: string
}) {
  return (
    <Alert
      color="red"
      icon={<IconAlertTriangle aria-hidden />}
      title={title ?? 'That did not work'}
      role="alert"
      data-testid="problem"
    >
      <Text size="sm">{wordsFor(error)}</Text>
      {onRetry !== undefined && (
        <Button mt="sm" size="xs" variant="light" color="red" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  )
}

export function Loading({ label = 'Loading' }: { readonly label?: string }) {
  return (
    <Center py={96} role="status" aria-label={label}>
      <Loader />
    </Center>
  )
}
