/** The broadcasts on air, one for each channel: those that wait for their encoder included, and those that are ending. */
import type { BroadcastId, ChannelId } from '../../kernel/ids.ts'
import type { BroadcastRecord } from './broadcast-ledger.ts'
import type { BroadcastPackager } from './broadcast-ports.ts'
import { LiveBroadcast, type LiveBroadcastOptions } from './live-broadcast.ts'

type OfAll = Pick<
  LiveBroadcastOptions,
  'graceMs' | 'maxBytes' | 'ledger' | 'audience' | 'endedEncoders' | 'partsWritten' | 'log'
>

export interface OnAirBroadcastsOptions extends OfAll {
  readonly packager: BroadcastPackager
  /** After the end: the timeline is complete and the video is `processing`. */
  readonly onEnded: (live: LiveBroadcast) => void
}

export class OnAirBroadcasts {
  readonly #options: OnAirBroadcastsOptions
  readonly #byChannel = new Map<ChannelId, LiveBroadcast>()

  constructor(options: OnAirBroadcastsOptions) {
    this.#options = options
  }

  /** `recordedBytes`: what its recording holds already. */
  begin(
    on: Pick<BroadcastRecord, 'broadcastId' | 'videoId' | 'channelId' | 'handle'>,
    recordedBytes = 0,
  ): LiveBroadcast {
    const { packager, onEnded, ...ofAll } = this.#options
    const { broadcastId, videoId, channelId, handle } = on
    const live = new LiveBroadcast({
      ...ofAll,
      broadcastId,
      videoId,
      channelId,
      handle,
      recordedBytes,
      packaging: packager.follow(on),
      log: ofAll.log.child({ broadcastId, videoId }),
      onFinished: (finished) => {
        if (this.of(channelId) === finished) this.#byChannel.delete(channelId)
        onEnded(finished)
      },
    })
    this.#byChannel.set(channelId, live)
    return live
  }

  list(): LiveBroadcast[] {
    return [...this.#byChannel.values()]
  }

  of(channelId: ChannelId): LiveBroadcast | undefined {
    return this.#byChannel.get(channelId)
  }

  find(broadcastId: BroadcastId): LiveBroadcast | undefined {
    return this.list().find((live) => live.broadcastId === broadcastId)
  }
}
