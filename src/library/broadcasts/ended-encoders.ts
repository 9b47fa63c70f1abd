/**
 * Encoders whose broadcast was ended while they sent. One that is cut off from us and comes back by itself
 * is not heard either: its owner believes to be off air. It is heard again when it was stopped and started.
 *
 *     (none) --ended--> connected --goodbye, closed--> (none)
 *                         ^    |
 *             back by itself   +--fell silent--> awaited --grace--> (none)
 *                         +------------------------+
 *
 * An encoder that is killed closes its connection at once, a network that fails does not: that tells the
 * one that somebody starts again from the one that comes back by itself (docs/decisions/0003).
 */
import type { UnheardConnection, UnheardWatch } from '../../ingest/publish-gate.ts'
import type { BroadcastId, ChannelId } from '../../kernel/ids.ts'

/** What has to be the same for an encoder to count as the same. */
export interface Sender {
  readonly streamKeyId: string
  readonly encoder: string
}

interface Ended extends Sender {
  readonly broadcastId: BroadcastId
  connection: UnheardConnection | undefined
  /** While not connected: until when it may come back. On Date.now's clock. */
  untilMs: number
}

/** Encoders send many times a second. */
const SILENT_MS = 2_000

export class EndedEncoders {
  readonly #graceMs: number
  readonly #ended = new Map<ChannelId, Ended>()

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  /** The creator ended the broadcast of an encoder that is connected. */
  connected(channelId: ChannelId, broadcastId: BroadcastId, sender: Sender): UnheardWatch {
    return this.#watch(channelId, { ...sender, broadcastId, connection: undefined, untilMs: 0 })
  }

  /** The creator ended a broadcast whose encoder had fallen silent: it may come back until then. */
  awaited(channelId: ChannelId, broadcastId: BroadcastId, sender: Sender, until: Date): void {
    this.#ended.set(channelId, { ...sender, broadcastId, connection: undefined, untilMs: until.getTime() })
  }

  /** Who asks to publish came back by itself; undefined: it is to be heard. */
  back(channelId: ChannelId, sender: Sender): UnheardWatch | undefined {
    const ended = this.#ended.get(channelId)
    if (!ended || ended.streamKeyId !== sender.streamKeyId || ended.encoder !== sender.encoder)
      return undefined
    // The other one still sends: this is a second encoder, which somebody started.
    const lost = ended.connection ? ended.connection.silentMs() > SILENT_MS : Date.now() < ended.untilMs
    return lost ? this.#watch(channelId, { ...ended }) : undefined
  }

  /** A broadcast began on the channel: what was before it is over. */
  forget(channelId: ChannelId): void {
    this.#ended.delete(channelId)
  }

  /** The broadcast has ended and its encoder still sends. */
  isSending(broadcastId: BroadcastId): boolean {
    return [...this.#ended.values()].some(
      (ended) => ended.broadcastId === broadcastId && ended.connection !== undefined,
    )
  }

  #watch(channelId: ChannelId, ended: Ended): UnheardWatch {
    return (connection) => {
      ended.connection = connection
      this.#ended.set(channelId, ended)
      return (leaving) => {
        // Another one has taken its place here.
        if (this.#ended.get(channelId) !== ended) return
        ended.connection = undefined
        ended.untilMs = Date.now() + this.#graceMs
        if (leaving !== 'silent') this.#ended.delete(channelId)
      }
    }
  }
}
