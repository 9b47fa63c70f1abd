/**
 * An admitted encoder's messages on their way: first to the recording, then to the live hub. The
 * recording decides how fast we read; the hub takes everything at once and bounds itself.
 */
import type { RtmpMessage } from '../formats/rtmp/message.ts'
import { MESSAGE_TYPE } from '../formats/rtmp/message.ts'
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

  /** An audio, video or data message. Those without a body say nothing and are left out. */
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
  const { type, timestampMs, parts, byteLength } = message
  if (type === MESSAGE_TYPE.video) return { type: VIDEO, timestampMs, parts, byteLength }
  if (type === MESSAGE_TYPE.audio) return { type: AUDIO, timestampMs, parts, byteLength }
  return readDataFrame(message)
}
