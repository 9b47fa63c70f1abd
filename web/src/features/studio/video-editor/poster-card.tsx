/** The poster: the picture that is shown now, a picture of one's own, or the one chosen by itself. */
import { Button, Card, FileButton, Group, Image, Stack, Text, Title } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCamera, IconPhotoUp, IconSparkles } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Video } from '../../../../../src/delivery/contract/videos.ts'
import { applyVideo } from '../../../api/apply-server-event.ts'
import { automaticPoster, choosePosterMoment, choosePosterPicture } from '../../../api/beside-video.ts'
import { Trouble } from '../../../ui/states.tsx'

const PICTURES = 'image/jpeg,image/png,image/webp,image/avif'

interface PosterCardProps {
  readonly video: Video
  /** Where the player stands. */
  readonly seconds: () => number
}

export function PosterCard({ video, seconds }: PosterCardProps) {
  const queryClient = useQueryClient()
  const choose = useMutation({
    mutationFn: (how: 'moment' | 'automatic' | File) =>
      how === 'moment'
        ? choosePosterMoment(video.id, seconds())
        : how === 'automatic'
          ? automaticPoster(video.id)
          : choosePosterPicture(video.id, how),
    onSuccess: (saved) => {
      applyVideo(queryClient, saved)
      notifications.show({ message: 'The poster is changed.' })
    },
  })
  return (
    <Card withBorder radius="lg" padding="lg" data-testid="poster-card">
      <Stack gap="sm">
        <Title order={2} size="h4">
          Poster
        </Title>
        {video.playback.poster === null ? (
          <Text size="sm" c="dimmed">
            There is no picture yet.
          </Text>
        ) : (
          <Image
            src={video.playback.poster}
            alt="The poster as it is now"
            radius="md"
            mah={260}
            fit="contain"
            data-testid="poster-picture"
          />
        )}
        <Group gap="xs">
          <Button
            leftSection={<IconCamera size={17} aria-hidden />}
            onClick={() => choose.mutate('moment')}
            loading={choose.isPending}
            data-testid="poster-moment"
          >
            Use the picture shown
          </Button>
          <FileButton accept={PICTURES} onChange={(file) => file && choose.mutate(file)}>
            {(props) => (
              <Button
                {...props}
                variant="default"
                leftSection={<IconPhotoUp size={17} aria-hidden />}
                disabled={choose.isPending}
                data-testid="poster-upload"
              >
                Upload a picture
              </Button>
            )}
          </FileButton>
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconSparkles size={17} aria-hidden />}
            onClick={() => choose.mutate('automatic')}
            disabled={choose.isPending}
            data-testid="poster-automatic"
          >
            Choose for me
          </Button>
        </Group>
        <Text size="xs" c="dimmed">
          JPEG, PNG, WebP or AVIF, up to 10 MB. Best is 1280 × 720 or more, in the shape of the video.
        </Text>
        {choose.isError && <Trouble error={choose.error} />}
      </Stack>
    </Card>
  )
}
