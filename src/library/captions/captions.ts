/** Captions that people give a video, and those asked of a program. Who may edit the video may. */
import { CaptionFault } from '../../formats/webvtt/cue.ts'
import { readCaptions } from '../../formats/webvtt/read-captions.ts'
import { renderWebVtt } from '../../formats/webvtt/render-webvtt.ts'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { languageName } from '../../pipeline/captions/languages.ts'
import type { JobCatalogue } from '../../pipeline/job-catalogue.ts'
import { type JobRequest, PRIORITY } from '../../pipeline/job-kinds.ts'
import { demand } from '../demand-permission.ts'
import type { Asker } from '../permissions.ts'
import { subjectOf, type VideoRecord } from '../video-record.ts'
import type { Videos } from '../videos.ts'
import type { CaptionEdit, CaptionKind, CaptionStore, CaptionWords } from './caption-store.ts'

/** Words of a day of talking. */
export const MAX_CAPTION_BYTES = 2 * 2 ** 20

export interface CaptionsOptions {
  readonly videos: Videos
  readonly store: CaptionStore
  readonly jobs: Pick<JobCatalogue, 'list'>
  readonly send: (jobs: readonly JobRequest[]) => Promise<void>
  /** A program for speech is set. */
  readonly recognisesSpeech: boolean
}

export interface GivenCaption {
  readonly language: string
  /** Empty: the language in its own words. */
  readonly name: string
  readonly kind: CaptionKind
  readonly isDefault: boolean
}

export class Captions {
  readonly #options: CaptionsOptions

  constructor(options: CaptionsOptions) {
    this.#options = options
  }

  get recognisesSpeech(): boolean {
    return this.#options.recognisesSpeech
  }

  /** Throws AppError `not-captions` with the line, `conflict`, and what editing a video throws. */
  async add(asker: Asker, videoId: VideoId, given: GivenCaption, file: Uint8Array): Promise<VideoRecord> {
    await this.#demandEdit(asker, videoId)
    const name = given.name || languageName(given.language)
    const added = await this.#options.store.add(videoId, { ...given, name, ...readWords(file) })
    if (added === undefined) throw taken()
    return this.#options.videos.get(asker, videoId)
  }

  /** Throws as `add` does, and `not-found`. */
  async change(
    asker: Asker,
    videoId: VideoId,
    id: string,
    edit: Omit<CaptionEdit, 'words'>,
    file?: Uint8Array,
  ): Promise<VideoRecord> {
    await this.#demandEdit(asker, videoId)
    const words = file && readWords(file)
    const outcome = await this.#options.store.change(videoId, id, { ...edit, words })
    if (outcome === 'missing') throw missing()
    if (outcome === 'taken') throw taken()
    return this.#options.videos.get(asker, videoId)
  }

  async remove(asker: Asker, videoId: VideoId, id: string): Promise<void> {
    await this.#demandEdit(asker, videoId)
    if (!(await this.#options.store.remove(videoId, id))) throw missing()
  }

  /** Asks for the words that are spoken, `language` "auto" or two letters. Throws AppError `conflict` when they cannot be had. */
  async recognise(asker: Asker, videoId: VideoId, language: string): Promise<void> {
    const video = await this.#demandEdit(asker, videoId)
    const { recognisesSpeech, jobs, send } = this.#options
    if (!recognisesSpeech)
      throw new AppError('conflict', 'No program for speech is set on this server (WHISPER_PATH).')
    if (video.state !== 'ready')
      throw new AppError('conflict', 'The video is not ready: ask again when it is.')
    const { items } = await jobs.list({ videoId: video.mediaId, limit: 100 })
    const underWay = items.some(
      ({ kind, state }) =>
        kind === 'recognise-speech' && (state === 'waiting' || state === 'running' || state === 'retrying'),
    )
    if (underWay) throw new AppError('conflict', 'Its speech is being recognised already.')
    await send([
      {
        kind: 'recognise-speech',
        priority: PRIORITY.beside,
        data: { videoId: video.mediaId, language },
      },
    ])
  }

  async #demandEdit(asker: Asker, videoId: VideoId): Promise<VideoRecord> {
    const video = await this.#options.videos.get(asker, videoId)
    demand(asker, 'edit', subjectOf(video))
    return video
  }
}

function readWords(file: Uint8Array): CaptionWords {
  try {
    const cues = readCaptions(file)
    return { cues: cues.length, text: renderWebVtt(cues) }
  } catch (cause) {
    if (!(cause instanceof CaptionFault)) throw cause
    throw new AppError('not-captions', `Line ${cause.line}: ${cause.message}`, {
      cause,
      fields: { faults: [{ path: `line ${cause.line}`, message: cause.message }] },
    })
  }
}

function missing(): AppError {
  return new AppError('not-found', 'The video has no such captions.')
}

function taken(): AppError {
  return new AppError(
    'conflict',
    'The video has captions of this language and kind already: replace those, or remove them first.',
  )
}
