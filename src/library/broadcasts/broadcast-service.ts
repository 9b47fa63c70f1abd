/**
 * The publish gate, and the broadcasts on air. Decisions for one channel are taken one after
 * another, so that two encoders arriving at once make one broadcast.
 */
import type { PublishDecision, PublishGate, PublishRequest } from '../../ingest/publish-gate.ts'
import { AppError, isDiskFull } from '../../kernel/errors.ts'
import { type BroadcastId, type ChannelId, newId, newVideoId, type SessionId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { judgeRecording } from '../../recording/verdict.ts'
import type { BroadcastLedger, BroadcastRecord, KeyHolder, NewSession } from './broadcast-ledger.ts'
import type {
  BroadcastAudience,
  BroadcastPackager,
  BroadcastRecorder,
  SessionLog,
} from './broadcast-ports.ts'
import { quotaRefusal } from './channel-quota.ts'
import { EndedEncoders, type Sender } from './ended-encoders.ts'
import { KeyCheck } from './key-check.ts'
import type { LiveBroadcast } from './live-broadcast.ts'
import { OnAirBroadcasts } from './on-air-broadcasts.ts'
import { StandingWatch } from './standing-watch.ts'
import { Turns } from './turns.ts'

export interface BroadcastServiceOptions {
  readonly ledger: BroadcastLedger
  readonly recorder: BroadcastRecorder
  readonly packager: BroadcastPackager
  readonly audience: BroadcastAudience
  /** Resolves when what was recorded so far is written down in the ledger. */
  readonly partsWritten: () => Promise<void>
  readonly graceMs: number
  /** What a second encoder with the key of one that is alive gets. One that is not is always taken over. */
  readonly takeover: 'take-over' | 'refuse'
  /** On air at once, those that wait for their encoder included; 0: no limit. */
  readonly maxBroadcasts: number
  /** What a channel without a quota of its own may store when a broadcast begins; 0: no limit. */
  readonly quotaBytes: number
  /** Of one broadcast, all its connections together: one that has so many bytes is ended. 0: no limit. */
  readonly maxBroadcastBytes: number
  /** A reason in words while no broadcast may begin, or be resumed, for want of disk; else undefined. */
  readonly diskRefusal: (asked: 'begin' | 'resume') => Promise<string | undefined>
  /** After the end: the timeline is complete and the video is `processing`. */
  readonly onEnded: (live: LiveBroadcast) => void
  readonly log: Logger
}

export class BroadcastService implements PublishGate {
  readonly #options: BroadcastServiceOptions
  readonly #onAir: OnAirBroadcasts
  /** One decision a channel at a time. */
  readonly #turns = new Turns<ChannelId>()
  readonly #keys: KeyCheck
  readonly #ended: EndedEncoders
  readonly #standing: StandingWatch
  /** Broadcasts admitted and not on air yet. */
  #opening = 0
  #draining = false
  readonly #stopping = new AbortController()

  constructor(options: BroadcastServiceOptions) {
    this.#options = options
    const { ledger, log, graceMs, quotaBytes } = options
    this.#keys = new KeyCheck({ ledger, log, signal: this.#stopping.signal })
    this.#ended = new EndedEncoders({ graceMs, ledger, log })
    this.#onAir = new OnAirBroadcasts({
      ...options,
      maxBytes: options.maxBroadcastBytes,
      endedEncoders: this.#ended,
    })
    const onAir = () => this.#onAir.list()
    this.#standing = new StandingWatch({ ledger, onAir, quotaBytes, log })
  }

  async admit(request: PublishRequest): Promise<PublishDecision> {
    const { log } = this.#options
    const refuse = (reason: string, inUse = false): PublishDecision => {
      log.warn({ remoteAddress: request.remoteAddress, encoder: request.encoder, reason }, 'publish refused')
      return { admitted: false, reason, inUse }
    }
    const draining = 'The server is restarting. Try again in a moment.'
    if (this.#draining) return refuse(draining)
    try {
      const holder = await this.#keys.check(request)
      if (typeof holder === 'string') return refuse(holder)
      if (this.#draining) return refuse(draining)
      return await this.#turns.take(holder.channelId, () => this.#openSession(holder, request, refuse))
    } catch (error) {
      if (error instanceof AppError && error.code === 'disk-full') return refuse(error.message)
      log.error({ err: error }, 'publish could not be decided')
      return refuse('The server cannot open a broadcast now. Try again in a moment.')
    }
  }

  /** Those on air here. */
  onAir(): readonly BroadcastId[] {
    return this.#onAir.list().map(({ broadcastId }) => broadcastId)
  }

  /** The broadcast on air with that id, if this process has it. */
  find(broadcastId: BroadcastId): LiveBroadcast | undefined {
    return this.#onAir.find(broadcastId)
  }

  /** The broadcast has ended, and its encoder goes on sending what nobody keeps. */
  isUnheard(broadcastId: BroadcastId): boolean {
    return this.#ended.isSending(broadcastId)
  }

  /** The channel has crossed its quota while on air: in words for its creator. */
  overQuota(broadcastId: BroadcastId): string | undefined {
    return this.#standing.overQuota(broadcastId)
  }

  /** Ends a broadcast on air; resolves when its replay is complete. False: it is not on air here. */
  async end(broadcastId: BroadcastId): Promise<boolean> {
    const live = this.find(broadcastId)
    if (!live) return false
    await live.finish()
    return true
  }

  /** After a start, before anybody is admitted: encoders of ended broadcasts that are not to be heard. */
  recallUnheard(): Promise<void> {
    return this.#ended.recall()
  }

  /**
   * After a start: a broadcast that had not ended goes on waiting for its encoder, or ends when its grace
   * is over. Its parts are salvaged already, and hold so many bytes.
   */
  adopt(record: BroadcastRecord, graceUntil: Date, recordedBytes: number): void {
    this.#putOnAir(record, recordedBytes).awaitEncoder(graceUntil)
  }

  /** Refuses new broadcasts and closes the recordings of those on air. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#stopping.abort()
    await this.#standing.stop()
    await this.#ended.stop()
    await this.#turns.settled()
    await Promise.all(this.#onAir.list().map((live) => live.drain()))
  }

  async #openSession(
    holder: KeyHolder,
    request: PublishRequest,
    refuse: (reason: string, inUse?: boolean) => PublishDecision,
  ): Promise<PublishDecision> {
    const { ledger, log } = this.#options
    const sessionId = newId<SessionId>()
    const startedAt = new Date()
    const sender = { streamKeyId: holder.streamKeyId, encoder: request.encoder }
    let live = this.#onAir.of(holder.channelId)
    if (live?.ending) {
      await live.finish()
      live = undefined
    }
    const watch = live ? undefined : this.#ended.back(holder.channelId, sender)
    if (watch) {
      log.info({ channelId: holder.channelId, ...sender }, 'encoder of an ended broadcast is back: not heard')
      return { admitted: 'unheard', watch }
    }
    if (live?.alive && this.#options.takeover === 'refuse') {
      return refuse(
        'Another encoder is on air with this stream key. Stop it, then start this one again.',
        true,
      )
    }
    const diskRefusal = await this.#options.diskRefusal(live ? 'resume' : 'begin')
    if (diskRefusal !== undefined) return refuse(diskRefusal)
    if (live) {
      await live.takeOver()
      const session = { sessionId, broadcastId: live.broadcastId, ...sender, startedAt }
      if (await ledger.resume(session)) {
        const opened = await this.#record(session)
        log.info({ broadcastId: live.broadcastId, sessionId, encoder: request.encoder }, 'broadcast resumed')
        return { admitted: true, session: live.attach(sessionId, sender, opened) }
      }
    }
    const { maxBroadcasts } = this.#options
    if (maxBroadcasts > 0 && this.#countOthers(holder.channelId) >= maxBroadcasts) {
      return refuse(
        `The server takes ${maxBroadcasts} broadcast${maxBroadcasts === 1 ? '' : 's'} at once, and so many are on air. Try again when one has ended.`,
      )
    }
    this.#opening += 1
    try {
      const full = quotaRefusal(await ledger.storageOf(holder.channelId), this.#options.quotaBytes)
      if (full !== undefined) return refuse(full)
      return await this.#openBroadcast(holder, sessionId, sender, startedAt)
    } finally {
      this.#opening -= 1
    }
  }

  async #openBroadcast(
    holder: KeyHolder,
    sessionId: SessionId,
    sender: Sender,
    startedAt: Date,
  ): Promise<PublishDecision> {
    const { ledger, log } = this.#options
    const opening = {
      broadcastId: newId<BroadcastId>(),
      videoId: newVideoId(),
      channelId: holder.channelId,
      title: `${holder.channelName}, ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      startedAt,
    }
    const { encoder } = sender
    const session = { sessionId, broadcastId: opening.broadcastId, ...sender, startedAt }
    await ledger.open(opening, session)
    const opened = await this.#record(session).catch(async (error: unknown) => {
      await ledger.end(opening.broadcastId, new Date(), judgeRecording([], []), false)
      throw error
    })
    const started = this.#putOnAir({ ...opening, handle: holder.handle })
    log.info(
      { broadcastId: opening.broadcastId, videoId: opening.videoId, sessionId, encoder },
      'broadcast started',
    )
    this.#ended.forget(holder.channelId)
    return { admitted: true, session: started.attach(sessionId, sender, opened) }
  }

  /** Broadcasts of other channels, those about to begin included. */
  #countOthers(channelId: ChannelId): number {
    const onAir = this.#onAir.list().filter((live) => !live.ending && live.channelId !== channelId)
    return onAir.length + this.#opening
  }

  /** Opens the session's log; a session that cannot be recorded is closed again. */
  async #record(session: NewSession): Promise<SessionLog> {
    try {
      return await this.#options.recorder.openSession(session)
    } catch (error) {
      const ending = isDiskFull(error) ? 'disk' : 'write-error'
      await this.#options.ledger.closeSession(session.sessionId, ending, new Date(), 0)
      throw error
    }
  }

  #putOnAir(...on: Parameters<OnAirBroadcasts['begin']>): LiveBroadcast {
    const live = this.#onAir.begin(...on)
    this.#standing.begin()
    return live
  }
}
