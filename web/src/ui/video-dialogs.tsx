/** Editing and deleting a video, from whatever page shows it. */
import { Button, Group, Modal, Select, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Video, Visibility } from '../../../src/delivery/contract/videos.ts'
import { applyDeleted, applyVideo } from '../api/apply-server-event.ts'
import { deleteVideo, editVideo } from '../api/videos.ts'
import { pages } from '../paths/paths.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { LinkText } from './links.tsx'
import { Trouble } from './states.tsx'
import { VISIBILITIES } from './video-state.ts'

interface DialogProps {
  /** Null: closed. */
  readonly video: Video | null
  readonly onClose: () => void
}

export function EditVideoDialog({ video, onClose }: DialogProps) {
  return (
    <Modal opened={video !== null} onClose={onClose} title="Edit video" size="lg" data-testid="edit-dialog">
      {video !== null && <EditForm key={video.id} video={video} onClose={onClose} />}
    </Modal>
  )
}

function EditForm({ video, onClose }: { readonly video: Video; readonly onClose: () => void }) {
  const queryClient = useQueryClient()
  const [title, setTitle] = useState(video.title)
  const [description, setDescription] = useState(video.description)
  const [tags, setTags] = useState(video.tags)
  const [visibility, setVisibility] = useState<Visibility>(video.visibility)
  const save = useMutation({
    mutationFn: () => editVideo(video.id, { title, description, tags, visibility }),
    onSuccess: (saved) => {
      applyVideo(queryClient, saved)
      notifications.show({ message: 'Saved.' })
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Title"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          required
          maxLength={200}
          data-autofocus
          data-testid="edit-title"
        />
        <Textarea
          label="Description"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          autosize
          minRows={3}
          maxRows={12}
          maxLength={10_000}
          data-testid="edit-description"
        />
        <TagsInput
          label="Tags"
          description="Press Enter after each."
          value={tags}
          onChange={setTags}
          maxTags={20}
          data-testid="edit-tags"
        />
        <VisibilitySelect value={visibility} onChange={setVisibility} testId="edit-visibility" />
        {save.isError && <Trouble error={save.error} />}
        <Group justify="flex-end">
          <LinkText
            to={pages.editVideo}
            params={{ videoId: video.id }}
            size="sm"
            style={{ marginInlineEnd: 'auto' }}
            onClick={onClose}
            data-testid="edit-more"
          >
            Poster, captions and chapters
          </LinkText>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={save.isPending}
            disabled={title.trim() === ''}
            data-testid="edit-save"
          >
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

interface VisibilitySelectProps {
  readonly value: Visibility
  readonly onChange: (value: Visibility) => void
  readonly testId: string
  readonly label?: string
}

export function VisibilitySelect({
  value,
  onChange,
  testId,
  label = 'Who can watch',
}: VisibilitySelectProps) {
  return (
    <Select
      label={label}
      data={VISIBILITIES.map((option) => ({ value: option.value, label: option.label }))}
      value={value}
      onChange={(chosen) => chosen !== null && onChange(chosen as Visibility)}
      description={VISIBILITIES.find((option) => option.value === value)?.hint}
      allowDeselect={false}
      data-testid={testId}
    />
  )
}

export function DeleteVideoDialog({
  video,
  onClose,
  onDeleted,
}: DialogProps & { readonly onDeleted?: () => void }) {
  const queryClient = useQueryClient()
  const remove = async () => {
    if (video === null) return
    await deleteVideo(video.id)
    applyDeleted(queryClient, video.id)
    notifications.show({ message: `“${video.title}” was deleted.` })
    onDeleted?.()
  }
  return (
    <ConfirmDialog
      opened={video !== null}
      onClose={onClose}
      title="Delete this video?"
      action="Delete for good"
      onConfirm={remove}
    >
      <Text size="sm">
        “{video?.title}” and everything made from it will be removed
        {video?.state === 'live' && ', and the broadcast on air now will end'}. This cannot be undone.
      </Text>
    </ConfirmDialog>
  )
}
