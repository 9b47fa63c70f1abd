/** Each quality and how far it is made. */
import { Group, Progress, Stack, Text } from '@mantine/core'
import type { Rendition, Video } from '../../../../src/delivery/contract/videos.ts'
import { renditionLabel } from '../../player/quality-list.ts'
import { formatBitrate, formatBytes } from '../../ui/format-amount.ts'
import { RENDITION_STATES, WORDS } from './words.ts'

/** Below, a part of it shows something else, or far too little of it: pipeline/steps/measure-likeness.ts. */
const UNLIKE = 0.7

export function RenditionList({ video }: { readonly video: Video }) {
  return (
    <section aria-label="Qualities" data-testid="renditions">
      <Text fw={600} size="sm">
        Qualities
      </Text>
      {video.state === 'processing' && video.playable && (
        <Text size="sm" c="dimmed">
          {WORDS.notYet}
        </Text>
      )}
      <Stack gap={10} mt="sm">
        {video.renditions.map((rendition) => (
          <Row key={rendition.name} rendition={rendition} onDemand={video.state === 'ready'} />
        ))}
      </Stack>
    </section>
  )
}

interface RowProps {
  readonly rendition: Rendition
  /** Nothing is under way any more: what is not made is made when somebody watches it. */
  readonly onDemand: boolean
}

function Row({ rendition, onDemand }: RowProps) {
  const { state, progress, failure, ssim, lowestSsim } = rendition
  const label = rendition.kind === 'audio' ? soundLabel(rendition) : renditionLabel(rendition)
  const facts = [
    rendition.averageBandwidth === null ? undefined : formatBitrate(rendition.averageBandwidth),
    rendition.bytes > 0 ? formatBytes(rendition.bytes) : undefined,
    ssim === null ? undefined : `${Math.round(ssim * 100)} % like its source`,
  ].filter((fact) => fact !== undefined)
  const standing =
    state === 'encoding'
      ? `${Math.floor(progress)} %`
      : state === 'planned' && onDemand
        ? WORDS.onDemand
        : RENDITION_STATES[state]
  return (
    <div data-testid={`rendition-${rendition.name}`} data-state={state}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm">{label}</Text>
        <Text size="sm" c={state === 'failed' ? 'red' : 'dimmed'} ta="right">
          {[...facts, standing].join(' · ')}
        </Text>
      </Group>
      {state === 'encoding' && (
        <Progress size="xs" mt={4} value={progress} aria-label={`${label}: progress`} />
      )}
      {lowestSsim !== null && lowestSsim < UNLIKE && (
        <Text size="xs" c="orange">
          {WORDS.unlike}
        </Text>
      )}
      {failure !== null && (
        <Text size="xs" c="red">
          {failure}
        </Text>
      )}
    </div>
  )
}

/** The one there is needs no name. */
function soundLabel({ label }: Rendition): string {
  return label === null || label === 'Audio' ? 'Sound' : `Sound: ${label}`
}
