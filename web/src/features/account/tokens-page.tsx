/** API tokens: for scripts that act in this person's name. */
import {
  ActionIcon,
  Alert,
  Button,
  Card,
  Group,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { ApiToken } from '../../../../src/delivery/contract/people.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { CopyField } from '../../ui/copy-field.tsx'
import { formatAge, formatDate } from '../../ui/format-time.ts'
import { Page } from '../../ui/page.tsx'
import { Loading, Trouble } from '../../ui/states.tsx'
import { useNow } from '../../ui/use-now.ts'
import { LIFETIMES, makeToken, revokeToken, tokensQuery } from './tokens.ts'

const WORDS = {
  title: 'API tokens',
  lead: 'A token lets a script do what you may do. Send it as “Authorization: Bearer …”.',
  once: 'Copy it now: it is shown this once.',
  revoke: 'Scripts that use it are refused from now on.',
}

export function TokensPage() {
  const tokens = useQuery(tokensQuery)
  const [fresh, setFresh] = useState<string>()
  return (
    <Page title={WORDS.title} lead={WORDS.lead} size="md">
      <Card withBorder radius="lg" padding="lg">
        <Stack>
          <NewTokenForm onMade={setFresh} />
          {fresh !== undefined && (
            <Alert color="pine" title="Your new token" data-testid="new-token">
              <Stack gap="xs">
                <CopyField label="Token" value={fresh} testId="token" />
                <Text size="sm">{WORDS.once}</Text>
              </Stack>
            </Alert>
          )}
          <Title order={2} size="h4">
            Your tokens
          </Title>
          {tokens.isPending && <Loading />}
          {tokens.isError && <Trouble error={tokens.error} onRetry={() => void tokens.refetch()} />}
          {tokens.data?.items.length === 0 && (
            <Text c="dimmed" size="sm">
              You have no tokens.
            </Text>
          )}
          {tokens.data !== undefined && tokens.data.items.length > 0 && (
            <TokenTable tokens={tokens.data.items} />
          )}
        </Stack>
      </Card>
    </Page>
  )
}

function NewTokenForm({ onMade }: { readonly onMade: (token: string) => void }) {
  const queryClient = useQueryClient()
  const [label, setLabel] = useState('')
  const [lifetime, setLifetime] = useState<string>(LIFETIMES[1].value)
  const make = useMutation({
    mutationFn: () => makeToken(label.trim(), lifetime, Date.now()),
    onSuccess: async ({ token }) => {
      setLabel('')
      onMade(token)
      await queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="xs">
        <TextInput
          label="New token"
          placeholder="What it is for"
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          required
          maxLength={80}
          flex="1 1 12rem"
          data-testid="token-label"
        />
        <Select
          label="Valid"
          data={LIFETIMES.map(({ value, label: words }) => ({ value, label: words }))}
          value={lifetime}
          onChange={(value) => value !== null && setLifetime(value)}
          allowDeselect={false}
          w={140}
        />
        <Button
          type="submit"
          loading={make.isPending}
          disabled={label.trim() === ''}
          data-testid="make-token"
        >
          Make a token
        </Button>
      </Group>
      {make.isError && <Trouble error={make.error} />}
    </form>
  )
}

function TokenTable({ tokens }: { readonly tokens: readonly ApiToken[] }) {
  const now = useNow(30_000)
  const queryClient = useQueryClient()
  const [revoking, setRevoking] = useState<ApiToken>()
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table aria-label="API tokens">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>For</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>Valid until</Table.Th>
            <Table.Th aria-label="Actions" />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((token) => (
            <Table.Tr key={token.id} data-testid="token-row">
              <Table.Td>{token.label}</Table.Td>
              <Table.Td>{token.lastUsedAt === null ? 'never' : formatAge(token.lastUsedAt, now)}</Table.Td>
              <Table.Td>{token.expiresAt === null ? 'it is revoked' : formatDate(token.expiresAt)}</Table.Td>
              <Table.Td ta="right">
                <ActionIcon
                  variant="subtle"
                  color="red"
                  onClick={() => setRevoking(token)}
                  aria-label={`Revoke the token ${token.label}`}
                >
                  <IconTrash size={18} />
                </ActionIcon>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <ConfirmDialog
        opened={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title={`Revoke the token “${revoking?.label}”?`}
        action="Revoke token"
        onConfirm={async () => {
          if (revoking !== undefined) await revokeToken(revoking.id)
          await queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey })
        }}
      >
        {WORDS.revoke}
      </ConfirmDialog>
    </Table.ScrollContainer>
  )
}
