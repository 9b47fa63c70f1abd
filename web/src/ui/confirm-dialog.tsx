/** Asks before something that cannot be undone. Stays open, and says why, when it fails. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Trouble } from './states.tsx'

interface ConfirmDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: ReactNode
  /** The button: what it does, such as "Delete video". */
  readonly action: string
  readonly onConfirm: () => Promise<unknown>
}

export function ConfirmDialog({ opened, onClose, title, children, action, onConfirm }: ConfirmDialogProps) {
  const confirm = useMutation({ mutationFn: onConfirm, onSuccess: onClose })
  const close = () => {
    confirm.reset()
    onClose()
  }
  return (
    <Modal opened={opened} onClose={close} title={title} centered data-testid="confirm-dialog">
      <Stack>
        <Text component="div" size="sm">
          {children}
        </Text>
        {confirm.isError && <Trouble error={confirm.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            Cancel
          </Button>
          <Button
            color="red"
            loading={confirm.isPending}
            onClick={() => confirm.mutate()}
            data-testid="confirm"
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
