/**
 * An admitted encoder's messages on their way: first to the recording, then to the live hub. The
 * recording decides how fast we read; the hub takes everything at once and bounds itself.
 */
import { MESSAGE_TYPE, type RtmpMessage } from '../formats/rtmp/message.ts'
import type { ConnectionStats } from './connection-stats.ts'
import { readDataFrame } from './data-frame.ts'
import type { LivePublication } from './live-hub.ts'
import { AUDIO, type MediaMessage, VIDEO } from './media-message.ts'
import type { PublishedSession, SessionEnding } from './publish-gate.ts'

export class Publisher {
  readonly session: PublishedSession
  readonly #live: LivePublication
  readonly #stats: ConnectionStats
  readonly #onFull: () => void
  #closing: Promise<void> | undefined

  /** `onFull`: stop reading until the session's `onDrain`. */
  constructor(
    session: PublishedSession,
    live: LivePublication,
    options: { stats: ConnectionStats; onFull: () => void },
  ) {
    this.session = session
    this.#live = live
    this.#stats = options.stats
    this.#onFull = options.onFull
  }

  /** Those without a body say nothing and are left out, as is what is neither audio, video nor data. */
  write(message: RtmpMessage): void {
    if (this.#closing || message.byteLength === 0) return
    const media = toMedia(message)
    if (!media) return
    if (!this.session.write(media)) this.#onFull()
    const frame = this.#live.write(media)
    if (frame) this.#stats.count(frame)
  }

  /** The first ending counts. */
  close(ending: SessionEnding): Promise<void> {
    if (!this.#closing) {
      this.#closing = this.session.close(ending)
      this.#live.close(ending)
    }
    return this.#closing
  }
}

function toMedia(message: RtmpMessage): MediaMessage | undefined {
  const { timestampMs, parts, byteLength } = message
  switch (message.type) {
    case MESSAGE_TYPE.video:
      return { type: VIDEO, timestampMs, parts, byteLength }
    case MESSAGE_TYPE.audio:
      return { type: AUDIO, timestampMs, parts, byteLength }
    case MESSAGE_TYPE.data:
    case MESSAGE_TYPE.dataAmf3:
      return readDataFrame(message)
    default:
      return undefined
  }
}
