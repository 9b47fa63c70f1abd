/** Videos and renditions between their rows and the pipeline. */
import { type BroadcastId, newId, type VideoId } from '../kernel/ids.ts'
import type { PipelineVideo, RenditionPlan, RenditionRecord } from '../pipeline/catalogue.ts'
import type { RenditionSettings } from '../pipeline/ladder.ts'
import type { Prisma } from './generated/client.ts'

/** Ids in the order of the plan, which is the order people see: within a millisecond UUIDv7 has none. */
export function renditionRows(
  videoId: VideoId,
  plans: readonly RenditionPlan[],
): Prisma.RenditionCreateManyInput[] {
  const now = Date.now()
  return plans.map(({ settings, ...rest }, index) => ({
    id: newId(now + index),
    videoId,
    ...rest,
    // Passed through: packaging makes it, and it is there as soon as the timeline is.
    state: settings ? 'planned' : 'encoding',
    ...(settings ? { settings: settings as unknown as Prisma.InputJsonValue } : {}),
  }))
}

const SOURCES = { upload: true, broadcast: { select: { id: true } } } as const
/** An edition is made from what its video came in as. */
export const withSources = { ...SOURCES, editionOf: { select: SOURCES } } as const

type VideoRow = Prisma.VideoGetPayload<{ include: typeof withSources }>

export function readPipelineVideo(row: VideoRow): PipelineVideo {
  const { upload, broadcast } = row.editionOf ?? row
  return {
    id: row.id as VideoId,
    origin: row.origin,
    state: row.state,
    timelineKind: row.timelineKind ?? undefined,
    timelineComplete: row.timelineComplete,
    hasPoster: row.hasPoster,
    hasPreview: row.previewName !== null,
    storyboardSheets: row.storyboardSheets,
    closedCaptions: row.closedCaptions,
    hasWaveform: row.hasWaveform,
    playable: row.playable,
    upload: upload
      ? { id: upload.id, path: upload.path, fileName: upload.fileName, source: upload.source }
      : undefined,
    broadcastId: (broadcast?.id as BroadcastId | undefined) ?? undefined,
  }
}

export function readPipelineRendition(row: Prisma.RenditionGetPayload<object>): RenditionRecord {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    state: row.state,
    ...(row.failure === null ? {} : { failure: row.failure }),
    ...(row.codecs === null ? {} : { codecs: row.codecs }),
    ...(row.width === null ? {} : { width: row.width }),
    ...(row.height === null ? {} : { height: row.height }),
    ...(row.frameRate === null ? {} : { frameRate: row.frameRate }),
    ...(row.bandwidth === null ? {} : { bandwidth: row.bandwidth }),
    ...(row.averageBandwidth === null ? {} : { averageBandwidth: row.averageBandwidth }),
    ...(row.language === null ? {} : { language: row.language }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.channels === null ? {} : { channels: row.channels }),
    ...(row.settings === null ? {} : { settings: row.settings as unknown as RenditionSettings }),
  }
}
