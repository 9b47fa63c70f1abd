/**
 * The publish gate, and the broadcasts on air. Decisions for one channel are taken one after
 * another, so that two encoders arriving at once make one broadcast.
 */
import type { PublishDecision, PublishGate, PublishRequest } from '../../ingest/publish-gate.ts'
import { AppError } from '../../kernel/errors.ts'
import { type BroadcastId, type ChannelId, newId, newVideoId, type SessionId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { pause } from '../../kernel/retry.ts'
import { judgeRecording } from '../../recording/verdict.ts'
import { hashStreamKey } from '../stream-key-secret.ts'
import type { BroadcastLedger, BroadcastRecord, KeyHolder, NewSession } from './broadcast-ledger.ts'
import type {
  BroadcastAudience,
  BroadcastPackager,
  BroadcastRecorder,
  SessionLog,
} from './broadcast-ports.ts'
import { LiveBroadcast } from './live-broadcast.ts'
import { PublishAttempts } from './publish-attempts.ts'

/** The RTMP application encoders publish to: rtmp://host/live/<stream key>. */
export const PUBLISH_APP = 'live'

/** Less than ingest gives an encoder to be admitted. */
const DATABASE_PATIENCE_MS = 15_000
const LOOK_AGAIN_MS = 500

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
  /** A reason in words while no broadcast may begin, or be resumed, for want of disk; else undefined. */
  readonly diskRefusal: (asked: 'begin' | 'resume') => Promise<string | undefined>
  /** After the end: the timeline is complete and the video is `processing`. */
  readonly onEnded: (live: LiveBroadcast) => void
  readonly log: Logger
}

export class BroadcastService implements PublishGate {
  readonly #options: BroadcastServiceOptions
  readonly #onAir = new Map<ChannelId, LiveBroadcast>()
  readonly #turns = new Map<ChannelId, Promise<unknown>>()
  readonly #attempts = new PublishAttempts()
  /** Broadcasts admitted and not on air yet. */
  #opening = 0
  #draining = false
  readonly #stopping = new AbortController()

  constructor(options: BroadcastServiceOptions) {
    this.#options = options
  }

  async admit(request: PublishRequest): Promise<PublishDecision> {
    const { log } = this.#options
    const refuse = (reason: string): PublishDecision => {
      log.warn({ remoteAddress: request.remoteAddress, encoder: request.encoder, reason }, 'publish refused')
      return { admitted: false, reason }
    }
    if (this.#draining) return refuse('The server is restarting. Try again in a moment.')
    const wait = this.#attempts.waitSeconds(request.remoteAddress)
    if (wait > 0) return refuse(`Too many wrong stream keys from your address. Try again in ${wait} s.`)
    if (request.app !== PUBLISH_APP) {
      return refuse(
        `Publish to the application "${PUBLISH_APP}": rtmp://<this server>/${PUBLISH_APP} with your stream key.`,
      )
    }
    try {
      const holder = await this.#findKeyHolder(hashStreamKey(request.streamKey))
      if (!holder) {
        this.#attempts.refused(request.remoteAddress)
        return refuse('Unknown stream key. Copy it again from the studio, or make a new one there.')
      }
      if (holder.banned) return refuse('This channel may not broadcast. Ask the administrator.')
      return await this.#inTurn(holder.channelId, () => this.#openSession(holder, request, refuse))
    } catch (error) {
      if (error instanceof AppError && error.code === 'disk-full') return refuse(error.message)
      log.error({ err: error }, 'publish could not be decided')
      return refuse('The server cannot open a broadcast now. Try again in a moment.')
    }
  }

  /** The broadcast on air with that id, if this process has it. */
  find(broadcastId: BroadcastId): LiveBroadcast | undefined {
    return [...this.#onAir.values()].find((live) => live.broadcastId === broadcastId)
  }

  /** Ends a broadcast on air; resolves when its replay is complete. False: it is not on air here. */
  async end(broadcastId: BroadcastId): Promise<boolean> {
    const live = this.find(broadcastId)
    if (!live) return false
    await live.finish()
    return true
  }

  /** After a start: a broadcast that had not ended goes on waiting for its encoder, or ends when its grace is over. Its parts are salvaged already. */
  adopt(record: BroadcastRecord, graceUntil: Date): void {
    this.#putOnAir(record).awaitEncoder(graceUntil)
  }

  /** Refuses new broadcasts and closes the recordings of those on air. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#stopping.abort()
    await Promise.allSettled(this.#turns.values())
    await Promise.all([...this.#onAir.values()].map((live) => live.drain()))
  }

  /** A database that is away for a moment is waited for: many encoders do not try again by themselves. */
  async #findKeyHolder(keyHash: string): Promise<KeyHolder | undefined> {
    const { ledger, log } = this.#options
    const until = Date.now() + DATABASE_PATIENCE_MS
    for (;;) {
      try {
        return await ledger.findKeyHolder(keyHash)
      } catch (error) {
        if (Date.now() >= until || this.#draining) throw error
        log.warn({ err: error }, 'the stream key cannot be looked up yet; trying again')
        await pause(LOOK_AGAIN_MS, this.#stopping.signal)
      }
    }
  }

  async #openSession(
    holder: KeyHolder,
    request: PublishRequest,
    refuse: (reason: string) => PublishDecision,
  ): Promise<PublishDecision> {
    const { ledger, log } = this.#options
    const sessionId = newId<SessionId>()
    const startedAt = new Date()
    let live = this.#onAir.get(holder.channelId)
    if (live?.ending) {
      await live.finish()
      live = undefined
    }
    if (live?.alive && this.#options.takeover === 'refuse') {
      return refuse('Another encoder is on air with this stream key. Stop it, then start this one again.')
    }
    const diskRefusal = await this.#options.diskRefusal(live ? 'resume' : 'begin')
    if (diskRefusal !== undefined) return refuse(diskRefusal)
    if (live) {
      await live.takeOver()
      const session = { sessionId, broadcastId: live.broadcastId, encoder: request.encoder, startedAt }
      if (await ledger.resume(session)) {
        const opened = await this.#record(session)
        log.info({ broadcastId: live.broadcastId, sessionId, encoder: request.encoder }, 'broadcast resumed')
        return { admitted: true, session: live.attach(sessionId, opened) }
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
      return await this.#openBroadcast(holder, sessionId, request.encoder, startedAt)
    } finally {
      this.#opening -= 1
    }
  }

  async #openBroadcast(
    holder: KeyHolder,
    sessionId: SessionId,
    encoder: string,
    startedAt: Date,
  ): Promise<PublishDecision> {
    const { ledger, log } = this.#options
    const opening = {
      broadcastId: newId<BroadcastId>(),
      videoId: newVideoId(),
      channelId: holder.channelId,
      streamKeyId: holder.streamKeyId,
      title: `${holder.channelName}, ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      startedAt,
    }
    const session = { sessionId, broadcastId: opening.broadcastId, encoder, startedAt }
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
    return { admitted: true, session: started.attach(sessionId, opened) }
  }

  /** Broadcasts of other channels, those about to begin included. */
  #countOthers(channelId: ChannelId): number {
    const onAir = [...this.#onAir.values()].filter((live) => !live.ending && live.channelId !== channelId)
    return onAir.length + this.#opening
  }

  /** Opens the session's log; a session that cannot be recorded is closed again. */
  async #record(session: NewSession): Promise<SessionLog> {
    try {
      return await this.#options.recorder.openSession(session)
    } catch (error) {
      await this.#options.ledger.closeSession(session.sessionId, 'protocol-error', new Date(), 0)
      throw error
    }
  }

  #putOnAir(on: Pick<BroadcastRecord, 'broadcastId' | 'videoId' | 'channelId' | 'handle'>): LiveBroadcast {
    const { ledger, audience, packager, partsWritten, graceMs, log, onEnded } = this.#options
    const live = new LiveBroadcast({
      broadcastId: on.broadcastId,
      videoId: on.videoId,
      channelId: on.channelId,
      handle: on.handle,
      graceMs,
      ledger,
      audience,
      partsWritten,
      packaging: packager.follow(on),
      log: log.child({ broadcastId: on.broadcastId, videoId: on.videoId }),
      onFinished: (finished) => {
        if (this.#onAir.get(on.channelId) === finished) this.#onAir.delete(on.channelId)
        onEnded(finished)
      },
    })
    this.#onAir.set(on.channelId, live)
    return live
  }

  /** One decision a channel at a time. */
  async #inTurn<T>(channelId: ChannelId, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(channelId) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#turns.set(channelId, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(channelId) === turn) this.#turns.delete(channelId)
    }
  }
}
