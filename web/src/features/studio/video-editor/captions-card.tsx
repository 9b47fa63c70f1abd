/** The captions of a video: what there is, where it comes from, and adding more. */
import {
  ActionIcon,
  Badge,
  Button,
  Card,
  Checkbox,
  FileButton,
  Group,
  Select,
  Stack,
  Text,
  TextInput,
  Title,
  Tooltip,
} from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDownload, IconMicrophone, IconReplace, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Caption } from '../../../../../src/delivery/contract/captions.ts'
import type { Video } from '../../../../../src/delivery/contract/videos.ts'
import { applyVideo } from '../../../api/apply-server-event.ts'
import {
  addCaption,
  captionsQuery,
  changeCaption,
  recogniseSpeech,
  removeCaption,
  replaceCaption,
} from '../../../api/beside-video.ts'
import { videoKeys } from '../../../api/videos.ts'
import { Trouble } from '../../../ui/states.tsx'
import { LANGUAGES } from './languages.ts'

const FILES = '.vtt,.srt,text/vtt,application/x-subrip'
const ORIGINS: Readonly<Record<Caption['origin'], string>> = {
  upload: 'Uploaded',
  embedded: 'From the file',
  broadcast: 'From the broadcast',
  speech: 'Automatic',
}

export function CaptionsCard({ video }: { readonly video: Video }) {
  const queryClient = useQueryClient()
  const { data: known } = useQuery(captionsQuery(video.id))
  const act = useMutation({
    mutationFn: async (work: () => Promise<Video | undefined>) => work(),
    onSuccess: (saved) => {
      if (saved) applyVideo(queryClient, saved)
      else void queryClient.invalidateQueries({ queryKey: videoKeys.detail(video.id) })
    },
  })
  const speak = useMutation({
    mutationFn: () => recogniseSpeech(video.id, 'auto'),
    onSuccess: () =>
      notifications.show({
        message: 'What is said is being written down. The captions appear when it is done.',
      }),
  })
  const removed = async (id: string) => {
    await removeCaption(video.id, id)
    return undefined
  }
  return (
    <Card withBorder radius="lg" padding="lg" data-testid="captions-card">
      <Stack gap="sm">
        <Title order={2} size="h4">
          Captions
        </Title>
        {video.captions.length === 0 && (
          <Text size="sm" c="dimmed">
            There are none yet. Add a WebVTT (.vtt) or SubRip (.srt) file for each language.
          </Text>
        )}
        <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
          {video.captions.map((caption) => (
            <Row
              key={caption.id}
              caption={caption}
              onDefault={() =>
                act.mutate(() => changeCaption(video.id, caption.id, { isDefault: !caption.isDefault }))
              }
              onReplace={(file) => act.mutate(() => replaceCaption(video.id, caption.id, file))}
              onRemove={() => act.mutate(() => removed(caption.id))}
            />
          ))}
        </Stack>
        <AddForm
          pending={act.isPending}
          onAdd={(given, file) => act.mutate(() => addCaption(video.id, given, file))}
        />
        {known?.recognisesSpeech === true && (
          <Group>
            <Button
              variant="default"
              leftSection={<IconMicrophone size={17} aria-hidden />}
              onClick={() => speak.mutate()}
              loading={speak.isPending}
              data-testid="captions-speech"
            >
              Write down what is said
            </Button>
          </Group>
        )}
        {act.isError && <Trouble error={act.error} />}
        {speak.isError && <Trouble error={speak.error} />}
      </Stack>
    </Card>
  )
}

interface RowProps {
  readonly caption: Caption
  readonly onDefault: () => void
  readonly onReplace: (file: File) => void
  readonly onRemove: () => void
}

function Row({ caption, onDefault, onReplace, onRemove }: RowProps) {
  return (
    <Group component="li" justify="space-between" wrap="nowrap" gap="xs" data-testid="caption-row">
      <div style={{ minWidth: 0 }}>
        <Group gap={6}>
          <Text size="sm" fw={600} truncate>
            {caption.name}
          </Text>
          {caption.isDefault && (
            <Badge size="sm" variant="light" tt="none">
              Default
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          {ORIGINS[caption.origin]} · {caption.language}
          {caption.kind === 'captions' && ' · with sounds described'}
        </Text>
      </div>
      <Group gap={2} wrap="nowrap">
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          onClick={onDefault}
          data-testid="caption-default"
        >
          {caption.isDefault ? 'Not default' : 'Make default'}
        </Button>
        <Tooltip label="Download" withArrow>
          <ActionIcon
            component="a"
            href={caption.url}
            download={`${caption.language}.vtt`}
            variant="subtle"
            color="gray"
            aria-label={`Download ${caption.name}`}
          >
            <IconDownload size={17} />
          </ActionIcon>
        </Tooltip>
        <FileButton accept={FILES} onChange={(file) => file && onReplace(file)}>
          {(props) => (
            <Tooltip label="Replace the words" withArrow>
              <ActionIcon {...props} variant="subtle" color="gray" aria-label={`Replace ${caption.name}`}>
                <IconReplace size={17} />
              </ActionIcon>
            </Tooltip>
          )}
        </FileButton>
        <Tooltip label="Remove" withArrow>
          <ActionIcon
            variant="subtle"
            color="red"
            onClick={onRemove}
            aria-label={`Remove ${caption.name}`}
            data-testid="caption-remove"
          >
            <IconTrash size={17} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Group>
  )
}

interface AddFormProps {
  readonly pending: boolean
  readonly onAdd: (
    given: { language: string; name: string; kind: 'subtitles' | 'captions'; isDefault: boolean },
    file: File,
  ) => void
}

function AddForm({ pending, onAdd }: AddFormProps) {
  const [language, setLanguage] = useState<string | null>('en')
  const [name, setName] = useState('')
  const [describesSound, setDescribesSound] = useState(false)
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-end">
        <Select
          label="Language"
          data={LANGUAGES}
          value={language}
          onChange={setLanguage}
          searchable
          allowDeselect={false}
          w={190}
          data-testid="caption-language"
        />
        <TextInput
          label="Name in the menu"
          placeholder="The language’s own"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={100}
          style={{ flex: '1 1 10rem' }}
        />
      </Group>
      <Group gap="md" justify="space-between">
        <Checkbox
          label="Also describes sounds (for people who do not hear)"
          checked={describesSound}
          onChange={(event) => setDescribesSound(event.currentTarget.checked)}
        />
        <FileButton
          accept={FILES}
          onChange={(file) =>
            file &&
            language !== null &&
            onAdd({ language, name, kind: describesSound ? 'captions' : 'subtitles', isDefault: false }, file)
          }
        >
          {(props) => (
            <Button {...props} loading={pending} data-testid="caption-add">
              Add a file
            </Button>
          )}
        </FileButton>
      </Group>
    </Stack>
  )
}
