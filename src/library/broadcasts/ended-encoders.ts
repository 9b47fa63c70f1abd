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
 * one that somebody starts again from the one that comes back by itself (docs/decisions/0003). A restart of the
 * server closes connections too, and says nothing of encoders: what is known here is written down.
 */
import type { UnheardConnection, UnheardWatch } from '../../ingest/publish-gate.ts'
import type { BroadcastId, ChannelId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { retryUntilDone } from '../../kernel/retry.ts'

/** What has to be the same for an encoder to count as the same. */
export interface Sender {
  readonly streamKeyId: string
  readonly encoder: string
}

export interface UnheardEncoder extends Sender {
  readonly broadcastId: BroadcastId
  /** Until when it may come back; undefined: it was connected. */
  readonly until: Date | undefined
}

/** Of the last ended broadcast of a channel. */
export interface UnheardLedger {
  listUnheard(): Promise<ReadonlyMap<ChannelId, UnheardEncoder>>
  setUnheard(channelId: ChannelId, encoder: UnheardEncoder | undefined): Promise<void>
}

export interface EndedEncodersOptions {
  readonly graceMs: number
  readonly ledger: UnheardLedger
  readonly log: Logger
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
  readonly #options: EndedEncodersOptions
  readonly #ended = new Map<ChannelId, Ended>()
  /** What is to be written down, in order. */
  #written: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()

  constructor(options: EndedEncodersOptions) {
    this.#options = options
  }

  /** After a start: what an earlier run knew. Who was connected then may come back from now on. */
  async recall(): Promise<void> {
    const { graceMs, ledger } = this.#options
    for (const [channelId, { until, ...encoder }] of await ledger.listUnheard()) {
      const untilMs = until?.getTime() ?? Date.now() + graceMs
      this.#ended.set(channelId, { ...encoder, connection: undefined, untilMs })
    }
  }

  /** Connections that close from now on do so by our own doing. Resolves when what is known is written down. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#written
  }

  /** The creator ended the broadcast of an encoder that is connected. */
  connected(channelId: ChannelId, broadcastId: BroadcastId, sender: Sender): UnheardWatch {
    return this.#watch(channelId, { ...sender, broadcastId, connection: undefined, untilMs: 0 })
  }

  /** The creator ended a broadcast whose encoder had fallen silent: it may come back until then. */
  awaited(channelId: ChannelId, broadcastId: BroadcastId, sender: Sender, until: Date): void {
    this.#set(channelId, { ...sender, broadcastId, connection: undefined, untilMs: until.getTime() })
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

  /** A broadcast began on the channel, or its encoder has left: what was before it is over. */
  forget(channelId: ChannelId): void {
    if (this.#ended.delete(channelId)) this.#write(channelId, undefined)
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
      this.#set(channelId, ended)
      return (leaving) => {
        // Another one has taken its place here.
        if (this.#ended.get(channelId) !== ended || this.#stopping.signal.aborted) return
        if (leaving !== 'silent') return this.forget(channelId)
        ended.connection = undefined
        ended.untilMs = Date.now() + this.#options.graceMs
        this.#set(channelId, ended)
      }
    }
  }

  #set(channelId: ChannelId, ended: Ended): void {
    this.#ended.set(channelId, ended)
    const { streamKeyId, encoder, broadcastId, connection, untilMs } = ended
    const until = connection ? undefined : new Date(untilMs)
    this.#write(channelId, { streamKeyId, encoder, broadcastId, until })
  }

  #write(channelId: ChannelId, encoder: UnheardEncoder | undefined): void {
    const { ledger, log } = this.#options
    const write = () => ledger.setUnheard(channelId, encoder)
    const onRetry = (error: unknown) =>
      log.warn({ err: error, channelId }, 'the database did not take it yet; trying again')
    this.#written = this.#written.then(() =>
      retryUntilDone(write, { signal: this.#stopping.signal, onRetry }),
    )
  }
}
