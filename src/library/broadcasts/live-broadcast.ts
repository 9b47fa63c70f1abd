/**
 * One broadcast on air: at most one connected encoder at a time, a grace timer while there is none,
 * packaging running behind the log. Nothing here waits for the database before media is recorded;
 * what the database must learn is retried until it has.
 *
 *     on air --dropped--> waiting --attach--> on air
 *        |                   |
 *        +----- finish ------+--> finished
 *
 * When the creator ends it while the encoder goes on sending, ingest keeps that connection and discards
 * what it sends; this broadcast knows no more of it, ended-encoders.ts does.
 */
import type { PublishedSession, SessionEnding, UnheardWatch } from '../../ingest/publish-gate.ts'
import type { BroadcastId, ChannelId, SessionId, VideoId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { aborted, retryUntilDone } from '../../kernel/retry.ts'
import { judgeRecording } from '../../recording/verdict.ts'
import type { BroadcastLedger } from './broadcast-ledger.ts'
import type { BroadcastAudience, PackagingRun, SessionLog } from './broadcast-ports.ts'
import type { EndedEncoders, Sender } from './ended-encoders.ts'
import { isFinal } from './ending-words.ts'
import { LiveSession } from './live-session.ts'
import { type StopReason, sizeLimit } from './stop-reasons.ts'

export interface LiveBroadcastOptions {
  readonly broadcastId: BroadcastId
  readonly videoId: VideoId
  readonly channelId: ChannelId
  readonly handle: string
  readonly graceMs: number
  /** What its recording holds already. */
  readonly recordedBytes: number
  /** A recording that would become larger ends the broadcast; 0: no limit. */
  readonly maxBytes: number
  readonly ledger: BroadcastLedger
  readonly audience: BroadcastAudience
  readonly endedEncoders: EndedEncoders
  readonly packaging: PackagingRun
  /** Resolves when what was recorded so far is written down in the ledger. */
  readonly partsWritten: () => Promise<void>
  readonly log: Logger
  /** Called once, when the broadcast is over and its replay complete. */
  readonly onFinished: (live: LiveBroadcast) => void
}

export class LiveBroadcast {
  readonly #options: LiveBroadcastOptions
  #connected: LiveSession | undefined
  #graceTimer: NodeJS.Timeout | undefined
  /** The encoder that fell silent, and until when it is waited for. */
  #silent: { readonly sender: Sender; readonly until: Date } | undefined
  #finished: Promise<void> | undefined
  #draining = false
  #recordedBytes: number
  /** Encoders that came: news of an earlier one's leaving are no news any more. */
  #arrivals = 0
  #replay: 'complete' | 'empty' | 'unfinished' = 'empty'
  /** The database knows how the last connection ended: the verdict says it. */
  #sessionsTold: Promise<void> = Promise.resolve()
  readonly #abort = new AbortController()

  constructor(options: LiveBroadcastOptions) {
    this.#options = options
    this.#recordedBytes = options.recordedBytes
  }

  get broadcastId(): BroadcastId {
    return this.#options.broadcastId
  }

  get videoId(): VideoId {
    return this.#options.videoId
  }

  /** Public name of the stream. */
  get handle(): string {
    return this.#options.handle
  }

  /**
   * Known when the broadcast has ended. `empty`: what came cannot be shown as it is, or nothing came.
   * `unfinished`: the media store refused; the recording is whole, and the replay is to be completed from it.
   */
  get replay(): 'complete' | 'empty' | 'unfinished' {
    return this.#replay
  }

  get channelId(): ChannelId {
    return this.#options.channelId
  }

  /** True once the end has begun: no session may be attached any more. */
  get ending(): boolean {
    return this.#finished !== undefined || this.#draining
  }

  /** An encoder is connected and was heard of a moment ago. */
  get alive(): boolean {
    return this.#connected?.alive ?? false
  }

  /** Of the recording, what still waits to be written included. */
  get recordedBytes(): number {
    return this.#recordedBytes
  }

  /** Puts a session on air. The session before it, if any, was closed by `takeOver`. */
  attach(sessionId: SessionId, sender: Sender, log: SessionLog): PublishedSession {
    clearTimeout(this.#graceTimer)
    this.#silent = undefined
    const connected = new LiveSession({
      sessionId,
      streamName: this.#options.handle,
      sender,
      log,
      takeRoom: (bytes) => this.#takeRoom(bytes),
      onFailure: (error) =>
        this.#options.log.error({ err: error, sessionId }, 'the recording was stopped by the disk'),
      onClose: (session, ending) => this.#closeOnce(session, log, ending),
    })
    this.#connected = connected
    this.#options.audience.broadcastChanged(this.#options.broadcastId, this.#options.videoId)
    return connected
  }

  /** Makes room for a new session: the present one is stopped and everything it sent is on disk when this resolves. */
  async takeOver(): Promise<void> {
    const connected = this.#connected
    await connected?.stop('taken-over', 'Another encoder took over this broadcast.')
    this.#arrivals += 1
    await connected?.close('taken-over')
  }

  /** Waits for an encoder until then, and finishes the broadcast if none comes. */
  awaitEncoder(until: Date): void {
    clearTimeout(this.#graceTimer)
    this.#graceTimer = setTimeout(() => void this.finish(), Math.max(0, until.getTime() - Date.now()))
  }

  /**
   * Ends the broadcast for good; resolves when its replay is complete. Never rejects; idempotent. A connected
   * encoder is told `reason`, unless its creator ended it: then it is left connected, unheard.
   */
  finish(ending: 'ended' | 'suspended' = 'ended', reason = 'The broadcast was ended.'): Promise<void> {
    this.#finished ??= this.#finish(ending, reason)
    return this.#finished
  }

  /** The server is stopping: recordings are closed, the broadcast waits for its encoder and the next start. */
  async drain(): Promise<void> {
    this.#draining = true
    clearTimeout(this.#graceTimer)
    const connected = this.#connected
    if (connected) {
      await connected.stop('draining', 'The server is restarting: your encoder will connect again by itself.')
      await connected.close('draining')
    }
    // Only now: what must be told to the database was tried at least once while it still answers.
    this.#abort.abort()
    await (this.#finished ?? this.#options.packaging.stop())
  }

  #takeRoom(bytes: number): StopReason | undefined {
    const { maxBytes } = this.#options
    if (maxBytes > 0 && this.#recordedBytes + bytes > maxBytes) {
      this.#options.log.warn({ maxBytes }, 'the broadcast is as large as it may be')
      return sizeLimit(maxBytes)
    }
    this.#recordedBytes += bytes
    return undefined
  }

  async #closeOnce(connected: LiveSession, recording: SessionLog, ending: SessionEnding): Promise<void> {
    const { ledger, broadcastId, videoId, graceMs, audience, log } = this.#options
    const endedAt = new Date()
    const arrivals = this.#arrivals
    await recording
      .close()
      .catch((error: unknown) => log.error({ err: error }, 'closing the recording failed'))
    if (this.#connected === connected) this.#connected = undefined
    log.info({ sessionId: connected.sessionId, ending, bytes: connected.bytes }, 'session ended')
    const told = this.#tell('session ended', () =>
      ledger.closeSession(connected.sessionId, ending, endedAt, connected.bytes),
    )
    this.#sessionsTold = told
    if (ending === 'taken-over') return
    if (isFinal(ending)) {
      void this.finish()
      return
    }
    const graceUntil = new Date(endedAt.getTime() + graceMs)
    if (ending === 'silent') this.#silent = { sender: connected.sender, until: graceUntil }
    if (ending !== 'draining' && !this.ending) this.awaitEncoder(graceUntil)
    const interrupted = told.then(() =>
      this.#tell('broadcast interrupted', async () => {
        // The database was away, and the encoder is back before it heard of this.
        if (arrivals === this.#arrivals) await ledger.interrupt(broadcastId, graceUntil)
      }),
    )
    void interrupted.then(() => audience.broadcastChanged(broadcastId, videoId))
    if (ending === 'draining') await interrupted
  }

  async #finish(ending: 'ended' | 'suspended', reason: string): Promise<void> {
    const { ledger, broadcastId, videoId, audience, packaging, partsWritten, log, onFinished } = this.#options
    clearTimeout(this.#graceTimer)
    const connected = this.#connected
    if (connected) {
      await connected.stop(ending, reason, ending === 'ended' ? this.#unheard(connected.sender) : undefined)
      await connected.close(ending)
    } else if (this.#silent && ending === 'ended') {
      const { sender, until } = this.#silent
      this.#options.endedEncoders.awaited(this.channelId, broadcastId, sender, until)
    }
    const packaged = await packaging.finish().catch((error: unknown) => {
      log.error({ err: error }, 'packaging failed; the replay is completed later, from the recording')
      return undefined
    })
    this.#replay = packaged === undefined ? 'unfinished' : packaged.segments > 0 ? 'complete' : 'empty'
    await this.#tell('broadcast ended', async () => {
      const rowsWritten = Promise.all([partsWritten(), this.#sessionsTold])
      await Promise.race([rowsWritten, aborted(this.#abort.signal)])
      const record = await ledger.find(broadcastId)
      const parts = record?.parts ?? []
      const verdict = judgeRecording(record?.sessions ?? [], parts)
      // What could not be packaged is still recorded: never put away as if nothing had come.
      const recordedAnything = this.#replay === 'complete' || parts.some((part) => part.durationSeconds > 0)
      await ledger.end(broadcastId, new Date(), verdict, recordedAnything)
    })
    audience.broadcastChanged(broadcastId, videoId)
    log.info({ replay: this.#replay, durationSeconds: packaged?.durationSeconds }, 'broadcast ended')
    onFinished(this)
  }

  #unheard(sender: Sender): UnheardWatch {
    return this.#options.endedEncoders.connected(this.channelId, this.broadcastId, sender)
  }

  #tell(what: string, write: () => Promise<void>): Promise<void> {
    return retryUntilDone(write, {
      signal: this.#abort.signal,
      onRetry: (error) =>
        this.#options.log.warn({ err: error, what }, 'the database did not take it yet; trying again'),
    })
  }
}
