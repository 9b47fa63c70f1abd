/** Everybody: roles, what their channels store, suspending and restoring. */
import { Badge, Button, Card, Group, Stack, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { User } from '../../../../src/delivery/contract/people.ts'
import { meQuery } from '../../api/session.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { formatDate } from '../../ui/format-time.ts'
import { Page } from '../../ui/page.tsx'
import { Loading, Trouble } from '../../ui/states.tsx'
import { peopleQuery, restore, storageWords, suspend } from './people.ts'
import { QuotaDialog } from './quota-dialog.tsx'

const WORDS = {
  lead: 'New ones are added on the command line: npx reprise user add.',
  suspend:
    'They are signed out, and their tokens and stream keys do nothing. What they have on air ends within seconds; its replay stays.',
  restore: 'They may sign in and broadcast again.',
}

export function PeoplePage() {
  const people = useQuery(peopleQuery)
  return (
    <Page title="People" lead={WORDS.lead}>
      {people.isPending && <Loading />}
      {people.isError && <Trouble error={people.error} onRetry={() => void people.refetch()} />}
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} data-testid="people">
        {people.data?.items.map((person) => (
          <Person key={person.id} person={person} />
        ))}
      </Stack>
    </Page>
  )
}

function Person({ person }: { readonly person: User }) {
  const { data: me } = useQuery(meQuery)
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState<'suspend' | 'restore' | 'quota'>()
  const [reason, setReason] = useState('')
  const { suspension, channels } = person
  const refresh = () => queryClient.invalidateQueries({ queryKey: peopleQuery.queryKey })
  const close = () => setAsking(undefined)
  const [channel] = channels
  return (
    <Card
      component="li"
      withBorder
      radius="md"
      padding="md"
      data-testid="person"
      data-email={person.email}
      data-suspended={suspension !== null}
    >
      <Group justify="space-between" gap="sm">
        <div style={{ minWidth: 0, flex: '1 1 14rem' }}>
          <Group gap="xs">
            <Text fw={600}>{person.name}</Text>
            <Badge variant="light" color="gray" radius="sm" tt="none">
              {person.role}
            </Badge>
            {suspension !== null && (
              <Badge color="red" variant="light" radius="sm" tt="none" data-testid="suspended">
                suspended{suspension.until !== null && ` until ${formatDate(suspension.until)}`}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {person.email}
          </Text>
          {channels.map((one) => (
            <Text key={one.id} size="sm" c="dimmed" data-testid="storage">
              {one.name}: {storageWords(one)}
            </Text>
          ))}
          {suspension !== null && suspension.reason !== '' && (
            <Text size="sm" c="red">
              {suspension.reason}
            </Text>
          )}
        </div>
        <Group gap="xs">
          {channel !== undefined && (
            <Button size="xs" variant="default" onClick={() => setAsking('quota')} data-testid="set-quota">
              Quota
            </Button>
          )}
          {suspension !== null ? (
            <Button size="xs" variant="default" onClick={() => setAsking('restore')} data-testid="restore">
              Restore
            </Button>
          ) : (
            me?.id !== person.id && (
              <Button
                size="xs"
                variant="subtle"
                color="red"
                onClick={() => setAsking('suspend')}
                data-testid="suspend"
              >
                Suspend
              </Button>
            )
          )}
        </Group>
      </Group>
      <ConfirmDialog
        opened={asking === 'suspend'}
        onClose={close}
        title={`Suspend ${person.name}?`}
        action="Suspend"
        onConfirm={() => suspend(person.id, reason.trim()).then(refresh)}
      >
        {WORDS.suspend}
        <Textarea
          mt="sm"
          label="Reason"
          description="Shown to them when they try to broadcast."
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={300}
          autosize
          data-testid="suspend-reason"
        />
      </ConfirmDialog>
      <ConfirmDialog
        opened={asking === 'restore'}
        onClose={close}
        title={`Restore ${person.name}?`}
        action="Restore"
        onConfirm={() => restore(person.id).then(refresh)}
      >
        {WORDS.restore}
      </ConfirmDialog>
      {channel !== undefined && (
        <QuotaDialog channel={channel} opened={asking === 'quota'} onClose={close} onSaved={refresh} />
      )}
    </Card>
  )
}
