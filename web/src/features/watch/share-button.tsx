/** The link to this page, from the beginning or from this moment. */
import { Button, Checkbox, Popover, Stack } from '@mantine/core'
import { IconShare } from '@tabler/icons-react'
import { useState } from 'react'
import { watchAddress } from '../../paths/paths.ts'
import { CopyField } from '../../ui/copy-field.tsx'
import { formatDuration } from '../../ui/format-time.ts'

interface ShareButtonProps {
  readonly videoId: string
  /** Where the player is now. */
  readonly seconds: () => number
}

export function ShareButton({ videoId, seconds }: ShareButtonProps) {
  const [opened, setOpened] = useState(false)
  const [at, setAt] = useState(0)
  const [withTime, setWithTime] = useState(false)
  const open = () => {
    setAt(seconds())
    setOpened((before) => !before)
  }
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={340} trapFocus shadow="md">
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconShare size={17} aria-hidden />}
          onClick={open}
          data-testid="share"
        >
          Share
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="sm">
          <CopyField
            label="Link"
            value={watchAddress(window.location.origin, videoId, withTime ? at : undefined)}
            testId="share-link"
          />
          <Checkbox
            label={`Start at ${formatDuration(at)}`}
            checked={withTime}
            onChange={(event) => setWithTime(event.currentTarget.checked)}
            data-testid="share-with-time"
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
