/** The chapters of a video: a list of times and titles, from where the player stands, or as suggested. */
import { ActionIcon, Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconPlus, IconSparkles, IconTrash } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Chapter } from '../../../../../src/delivery/contract/captions.ts'
import type { Video } from '../../../../../src/delivery/contract/videos.ts'
import { applyVideo } from '../../../api/apply-server-event.ts'
import { suggestChapters } from '../../../api/beside-video.ts'
import { editVideo } from '../../../api/videos.ts'
import { formatDuration } from '../../../ui/format-time.ts'
import { Trouble } from '../../../ui/states.tsx'

const SOURCES = {
  creator: 'Set by you.',
  description: 'From the lines of the description that begin with a time.',
  file: 'From the uploaded file.',
} as const

interface ChaptersCardProps {
  readonly video: Video
  /** Where the player stands. */
  readonly seconds: () => number
  readonly onSeek: (seconds: number) => void
}

export function ChaptersCard({ video, seconds, onSeek }: ChaptersCardProps) {
  const queryClient = useQueryClient()
  /** What is not saved yet. */
  const [draft, setDraft] = useState<readonly Chapter[]>()
  const chapters = draft ?? video.chapters
  const save = useMutation({
    mutationFn: (next: readonly Chapter[] | null) =>
      editVideo(video.id, { chapters: next === null ? null : [...next] }),
    onSuccess: (saved) => {
      applyVideo(queryClient, saved)
      setDraft(undefined)
      notifications.show({ message: 'The chapters are saved.' })
    },
  })
  const suggest = useMutation({
    mutationFn: () => suggestChapters(video.id),
    onSuccess: ({ items }) => {
      if (items.length > 0) setDraft(items)
      else notifications.show({ message: 'No clear change of scene was found.' })
    },
  })
  const add = () => {
    const start = chapters.length === 0 ? 0 : Math.round(seconds() * 10) / 10
    const others = chapters.filter((chapter) => chapter.start !== start)
    setDraft(
      [...others, { start, title: `Chapter ${others.length + 1}` }].toSorted((a, b) => a.start - b.start),
    )
  }
  const rename = (at: number, title: string) =>
    setDraft(chapters.map((chapter, i) => (i === at ? { ...chapter, title } : chapter)))
  return (
    <Card withBorder radius="lg" padding="lg" data-testid="chapters-card">
      <Stack gap="sm">
        <Title order={2} size="h4">
          Chapters
        </Title>
        <Text size="sm" c="dimmed">
          {video.chaptersFrom === null
            ? 'There are none. Go to where one begins and add it, or have some suggested.'
            : SOURCES[video.chaptersFrom]}
        </Text>
        {chapters.map(({ start, title }, at) => (
          <Group key={start} gap="xs" wrap="nowrap" data-testid="chapter-row">
            <Button
              variant="subtle"
              size="compact-sm"
              onClick={() => onSeek(start)}
              style={{ fontVariantNumeric: 'tabular-nums' }}
            >
              {formatDuration(start)}
            </Button>
            <TextInput
              value={title}
              onChange={(event) => rename(at, event.currentTarget.value)}
              maxLength={200}
              style={{ flex: 1 }}
              aria-label={`Title of the chapter at ${formatDuration(start)}`}
            />
            <ActionIcon
              variant="subtle"
              color="red"
              onClick={() => setDraft(chapters.filter((_, i) => i !== at))}
              aria-label={`Remove ${title}`}
            >
              <IconTrash size={17} />
            </ActionIcon>
          </Group>
        ))}
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconPlus size={17} aria-hidden />}
            onClick={add}
            data-testid="chapter-add"
          >
            Add one here
          </Button>
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconSparkles size={17} aria-hidden />}
            onClick={() => suggest.mutate()}
            loading={suggest.isPending}
            data-testid="chapter-suggest"
          >
            Suggest
          </Button>
        </Group>
        <Group gap="xs">
          <Button
            onClick={() => save.mutate(chapters)}
            loading={save.isPending}
            disabled={draft === undefined || chapters.some(({ title }) => title.trim() === '')}
            data-testid="chapters-save"
          >
            Save
          </Button>
          {draft !== undefined && (
            <Button variant="default" onClick={() => setDraft(undefined)}>
              Undo
            </Button>
          )}
          {draft === undefined && video.chaptersFrom === 'creator' && (
            <Button variant="subtle" color="gray" onClick={() => save.mutate(null)}>
              Remove mine
            </Button>
          )}
        </Group>
        {save.isError && <Trouble error={save.error} />}
        {suggest.isError && <Trouble error={suggest.error} />}
      </Stack>
    </Card>
  )
}
