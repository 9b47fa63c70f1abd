/** Who may play rtmp://host/live/<channel>: everybody whom the page of the broadcast would let watch without signing in. */
import type { PlayGate } from '../ingest/play-gate.ts'
import type { Channels } from './channels.ts'
import { ANONYMOUS } from './permissions.ts'
import type { Videos } from './videos.ts'

export function makeLivePlayGate(channels: Channels, videos: Videos): PlayGate {
  return {
    async mayPlay(streamName) {
      const channel = await channels.findByHandle(streamName)
      return channel !== undefined && (await videos.getLive(ANONYMOUS, channel.id)) !== undefined
    },
  }
}
