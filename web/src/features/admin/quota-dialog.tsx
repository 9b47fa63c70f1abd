/** What a channel may store: the default, a number of gigabytes, or no limit. */
import { Button, Group, Modal, NumberInput, Radio, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { User } from '../../../../src/delivery/contract/people.ts'
import { Trouble } from '../../ui/states.tsx'
import { setQuota, storageWords } from './people.ts'

interface QuotaDialogProps {
  readonly channel: User['channels'][number]
  readonly opened: boolean
  readonly onClose: () => void
  readonly onSaved: () => Promise<unknown>
}

const GIGABYTE = 1e9

export function QuotaDialog({ channel, opened, onClose, onSaved }: QuotaDialogProps) {
  const { quotaBytes } = channel
  const [kind, setKind] = useState(quotaBytes === null ? 'default' : quotaBytes === 0 ? 'none' : 'own')
  const [gigabytes, setGigabytes] = useState((quotaBytes ?? 0) / GIGABYTE || 100)
  const save = useMutation({
    mutationFn: async () => {
      const bytes = kind === 'default' ? null : kind === 'none' ? 0 : Math.round(gigabytes * GIGABYTE)
      await setQuota(channel.id, bytes)
      await onSaved()
    },
    onSuccess: onClose,
  })
  return (
    <Modal opened={opened} onClose={onClose} title={`What ${channel.name} may store`} centered>
      <Stack>
        <Text size="sm">
          {storageWords(channel)}. A broadcast that is on air when the quota is reached is let finish; the
          next one is refused.
        </Text>
        <Radio.Group value={kind} onChange={setKind} aria-label="Quota">
          <Stack gap="xs">
            <Radio value="default" label="As the server's settings say" />
            <Radio value="own" label="A quota of its own" />
            {kind === 'own' && (
              <NumberInput
                aria-label="Gigabytes"
                value={gigabytes}
                onChange={(value) => setGigabytes(Number(value) || 0)}
                min={0.001}
                suffix=" GB"
                w={160}
                ml="xl"
                data-testid="quota-gigabytes"
              />
            )}
            <Radio value="none" label="No limit" />
          </Stack>
        </Radio.Group>
        {save.isError && <Trouble error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            loading={save.isPending}
            disabled={kind === 'own' && gigabytes <= 0}
            onClick={() => save.mutate()}
            data-testid="save-quota"
          >
            Save
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
