/** The settings for the encoder: server, keys, and the lines to paste. */
import {
  ActionIcon,
  Alert,
  Button,
  Card,
  Group,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
  Tooltip,
} from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { NewStreamKey, StreamKey } from '../../../../../src/delivery/contract/broadcasts.ts'
import { ConfirmDialog } from '../../../ui/confirm-dialog.tsx'
import { CopyField } from '../../../ui/copy-field.tsx'
import { formatAge, formatDate } from '../../../ui/format-time.ts'
import { Loading, Trouble } from '../../../ui/states.tsx'
import { useNow } from '../../../ui/use-now.ts'
import { makeStreamKey, revokeStreamKey, streamKeysQuery } from './stream-keys.ts'
import { WORDS } from './words.ts'

export function StreamKeys() {
  const keys = useQuery(streamKeysQuery)
  const [made, setMade] = useState<NewStreamKey>()
  return (
    <Card withBorder radius="lg" padding="lg">
      <Title order={2} size="h4" mb="sm">
        Encoder settings
      </Title>
      {keys.isPending && <Loading />}
      {keys.isError && <Trouble error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.data !== undefined && (
        <Stack>
          <CopyField
            label="Server"
            value={keys.data.server}
            hint="OBS: Settings, Stream, Service “Custom…”."
            testId="rtmp-server"
          />
          {keys.data.secureServer !== null && (
            <CopyField
              label="Server, encrypted"
              value={keys.data.secureServer}
              hint="Nobody on the way can read the stream key. Same key, same settings."
              testId="rtmps-server"
            />
          )}
          {made !== undefined && <FreshKey made={made} />}
          {keys.data.items.length === 0 ? (
            <Text size="sm" c="dimmed">
              {WORDS.noKeys}
            </Text>
          ) : (
            <KeyTable keys={keys.data.items} />
          )}
          <NewKeyForm onMade={setMade} />
          <EncoderLines server={keys.data.server} made={made} />
        </Stack>
      )}
    </Card>
  )
}

function FreshKey({ made }: { readonly made: NewStreamKey }) {
  return (
    <Alert color="pine" title={`Stream key “${made.label}”`} data-testid="new-key">
      <Stack gap="xs">
        <CopyField label="Stream key" value={made.key} testId="stream-key" />
        <Text size="sm">{WORDS.keyOnce}</Text>
      </Stack>
    </Alert>
  )
}

function KeyTable({ keys }: { readonly keys: readonly StreamKey[] }) {
  const now = useNow(30_000)
  const queryClient = useQueryClient()
  const [revoking, setRevoking] = useState<StreamKey>()
  return (
    <>
      <Table aria-label="Stream keys" data-testid="stream-keys">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Key</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th aria-label="Actions" />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <Table.Tr key={key.id} data-testid="stream-key-row">
              <Table.Td>
                {key.label}{' '}
                <Text span c="dimmed" ff="monospace" size="sm">
                  …{key.hint}
                </Text>
              </Table.Td>
              <Table.Td>
                {key.lastUsedAt === null ? 'never' : formatAge(key.lastUsedAt, now)}
                {key.expiresAt !== null && (
                  <Text size="xs" c={Date.parse(key.expiresAt) < now ? 'red' : 'dimmed'}>
                    {Date.parse(key.expiresAt) < now ? 'has expired' : `until ${formatDate(key.expiresAt)}`}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right">
                <Tooltip label="Revoke" withArrow>
                  <ActionIcon
                    variant="subtle"
                    color="red"
                    onClick={() => setRevoking(key)}
                    aria-label={`Revoke the key ${key.label}`}
                  >
                    <IconTrash size={18} />
                  </ActionIcon>
                </Tooltip>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <ConfirmDialog
        opened={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title={`Revoke the key “${revoking?.label}”?`}
        action="Revoke key"
        onConfirm={async () => {
          if (revoking !== undefined) await revokeStreamKey(revoking.id)
          await queryClient.invalidateQueries({ queryKey: streamKeysQuery.queryKey })
        }}
      >
        {WORDS.revoke}
      </ConfirmDialog>
    </>
  )
}

function NewKeyForm({ onMade }: { readonly onMade: (made: NewStreamKey) => void }) {
  const queryClient = useQueryClient()
  const [label, setLabel] = useState('')
  const make = useMutation({
    mutationFn: () => makeStreamKey(label.trim()),
    onSuccess: async (made) => {
      setLabel('')
      onMade(made)
      await queryClient.invalidateQueries({ queryKey: streamKeysQuery.queryKey })
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
          label="New stream key"
          placeholder="What it is for, such as “Desk OBS”"
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          maxLength={80}
          required
          flex="1 1 12rem"
          data-testid="key-label"
        />
        <Button
          type="submit"
          variant="default"
          loading={make.isPending}
          disabled={label.trim() === ''}
          data-testid="make-key"
        >
          Make a key
        </Button>
      </Group>
      {make.isError && <Trouble error={make.error} />}
    </form>
  )
}

function EncoderLines({
  server,
  made,
}: {
  readonly server: string
  readonly made: NewStreamKey | undefined
}) {
  const key = made?.key ?? 'your-stream-key'
  return (
    <Stack gap="xs">
      <Text fw={600} size="sm">
        OBS
      </Text>
      <Text size="sm">
        Settings, Stream: Service “Custom…”, Server and Stream Key as above. Settings, Output: keyframe
        interval 2 s, encoder x264 or your card’s H.264, audio AAC.
      </Text>
      <CopyField
        label="ffmpeg"
        value={`ffmpeg -re -i input.mp4 -c:v libx264 -g 60 -c:a aac -f flv ${made?.publishUrl ?? `${server}/${key}`}`}
        testId="ffmpeg-command"
      />
    </Stack>
  )
}
