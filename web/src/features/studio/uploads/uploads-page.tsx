/** Uploading: choose or drop files, watch them go, name them meanwhile. */
import { Button, Card, FileButton, Group, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { IconCloudUpload } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Visibility } from '../../../../../src/delivery/contract/videos.ts'
import { Page } from '../../../ui/page.tsx'
import { VisibilitySelect } from '../../../ui/video-dialogs.tsx'
import { DropAnywhere } from './drop-anywhere.tsx'
import { UploadRow } from './upload-row.tsx'
import { uploadStoreOf, useUploads } from './upload-store.ts'

const WORDS = {
  title: 'Upload',
  lead: 'MP4, MOV, MKV, WebM, FLV, TS or AVI, and sound such as MP3, M4A, FLAC, Ogg or WAV. H.264 with AAC plays as soon as it is here; anything else as soon as its first part is made.',
  drop: 'Drop video or sound files anywhere on this page',
  keepOpen: 'You can look around the site meanwhile; keep this tab open until they are here.',
}
/** Endings too: some systems know no type for .mkv, .flv or .ts. */
const ACCEPT = 'video/*,audio/*,.mp4,.m4v,.mov,.mkv,.webm,.flv,.ts,.m2ts,.mts,.avi,.flac,.opus,.m4a'

export function UploadsPage() {
  const store = uploadStoreOf(useQueryClient())
  const items = useUploads(store)
  const [visibility, setVisibility] = useState<Visibility>('public')
  const add = (files: readonly File[]) => store.add(files, visibility)
  return (
    <Page title={WORDS.title} lead={WORDS.lead} size="md">
      <DropAnywhere onFiles={add} />
      <Stack>
        <Card withBorder radius="lg" padding="xl" style={{ borderStyle: 'dashed' }}>
          <Stack align="center" gap="sm" ta="center">
            <ThemeIcon size={56} radius="xl" variant="light">
              <IconCloudUpload size={30} aria-hidden />
            </ThemeIcon>
            <Title order={2} size="h4">
              {WORDS.drop}
            </Title>
            <FileButton
              onChange={add}
              accept={ACCEPT}
              multiple
              inputProps={{ 'data-testid': 'upload-input', 'aria-label': 'Video files' } as object}
            >
              {(props) => (
                <Button {...props} data-testid="upload-choose">
                  Choose files
                </Button>
              )}
            </FileButton>
            <VisibilitySelect
              value={visibility}
              onChange={setVisibility}
              testId="upload-visibility"
              label="Who can watch what you add next"
            />
          </Stack>
        </Card>
        {items.length > 0 && (
          <>
            <Group justify="space-between">
              <Title order={2} size="h4">
                Uploads
              </Title>
              <Text size="sm" c="dimmed">
                {WORDS.keepOpen}
              </Text>
            </Group>
            <Stack component="ul" p={0} m={0} gap="sm" style={{ listStyle: 'none' }} data-testid="uploads">
              {items.map((item) => (
                <UploadRow key={item.id} item={item} store={store} />
              ))}
            </Stack>
          </>
        )}
      </Stack>
    </Page>
  )
}
