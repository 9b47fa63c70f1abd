/** What a channel has on air, for one who asks. The same rule for every way to watch. */
import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../kernel/errors.ts'
import type { Channels } from '../../library/channels.ts'
import type { Asker } from '../../library/permissions.ts'
import type { VideoRecord } from '../../library/video-record.ts'
import type { Videos } from '../../library/videos.ts'
import type { AskerOf } from '../auth/asker.ts'

export interface LiveVideo {
  readonly asker: Asker
  readonly video: VideoRecord
}

/** Throws AppError `not-found`: not on air, or not for this asker. */
export type FindLive = (headers: IncomingHttpHeaders, handle: string) => Promise<LiveVideo>

export function makeFindLive(channels: Channels, videos: Videos, askerOf: AskerOf): FindLive {
  return async (headers, handle) => {
    const asker = await askerOf(headers)
    const channel = await channels.findByHandle(handle)
    const video = channel && (await videos.getLive(asker, channel.id))
    if (!video) throw new AppError('not-found', 'This channel is not on air.')
    return { asker, video }
  }
}
