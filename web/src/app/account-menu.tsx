/** Signing in, or who is signed in and what is theirs. */
import { ActionIcon, Avatar, Menu, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconKey, IconLogout } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouterState } from '@tanstack/react-router'
import { wordsFor } from '../api/problem.ts'
import { meQuery, signOut } from '../api/session.ts'
import { pages, safeReturnPath } from '../paths/paths.ts'
import { LinkButton, LinkMenuItem } from '../ui/links.tsx'

export function AccountMenu() {
  const { data: person, isPending } = useQuery(meQuery)
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const href = useRouterState({ select: (state) => state.location.href })
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: pages.library })
      // What this person could see is nobody else's to see.
      queryClient.setQueryData(meQuery.queryKey, null)
      await queryClient.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== meQuery.queryKey[0] })
    },
    onError: (error) => notifications.show({ color: 'red', message: wordsFor(error) }),
  })

  if (isPending) return null
  if (!person) {
    return (
      <LinkButton
        to={pages.signIn}
        search={{ next: safeReturnPath(href) }}
        variant="default"
        size="sm"
        data-testid="sign-in-link"
      >
        Sign in
      </LinkButton>
    )
  }
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon
          variant="transparent"
          size="lg"
          radius="xl"
          aria-label={`Account of ${person.name}`}
          data-testid="account"
        >
          <Avatar name={person.name} color="pine" size={32} radius="xl" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate>
            {person.name}
          </Text>
          <Text size="xs" truncate>
            {person.email}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <LinkMenuItem
          to={pages.tokens}
          leftSection={<IconKey size={17} aria-hidden />}
          data-testid="account-tokens"
        >
          API tokens
        </LinkMenuItem>
        <Menu.Item
          leftSection={<IconLogout size={17} aria-hidden />}
          onClick={() => leave.mutate()}
          data-testid="sign-out"
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
