/** A video's poster as its creator wants it: a moment, a picture of their own, or the one chosen by itself. */
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import type { PosterChoice } from '../pipeline/beside-catalogue.ts'
import type { PosterMaker } from '../pipeline/poster/poster-maker.ts'
import { demand } from './demand-permission.ts'
import type { Asker } from './permissions.ts'
import { subjectOf, type VideoRecord } from './video-record.ts'
import type { Videos } from './videos.ts'

export const MAX_PICTURE_BYTES = 10 * 2 ** 20

export interface PosterStore {
  /** The choice and the pictures that show it: together. Undefined: chosen by itself. */
  choose(videoId: VideoId, choice: PosterChoice | undefined, name: string): Promise<void>
}

export type WantedPoster =
  | { readonly kind: 'automatic' }
  | { readonly kind: 'moment'; readonly seconds: number }
  /** As it was sent. */
  | { readonly kind: 'picture'; readonly picture: Uint8Array }

export class Posters {
  readonly #videos: Videos
  readonly #store: PosterStore
  readonly #maker: PosterMaker

  constructor(options: {
    readonly videos: Videos
    readonly store: PosterStore
    readonly maker: PosterMaker
  }) {
    this.#videos = options.videos
    this.#store = options.store
    this.#maker = options.maker
  }

  /** The poster is the new one when this resolves. Throws AppError `not-a-picture`, `not-ready`, `encode-failed`, and what editing a video throws. */
  async choose(asker: Asker, id: VideoId, wanted: WantedPoster, signal: AbortSignal): Promise<VideoRecord> {
    const video = await this.#videos.get(asker, id)
    demand(asker, 'edit', subjectOf(video))
    const { mediaId, durationSeconds } = video
    if (wanted.kind === 'moment' && durationSeconds !== null && wanted.seconds > durationSeconds)
      throw new AppError(
        'invalid-input',
        `The video lasts ${durationSeconds.toFixed(1)} s: choose a moment in it.`,
      )
    const picture =
      wanted.kind === 'picture'
        ? await this.#maker.fromPicture(wanted.picture, signal)
        : await this.#maker.fromVideo(mediaId, wanted.kind === 'moment' ? wanted.seconds : undefined, signal)
    const name = await this.#maker.store(mediaId, picture, signal)
    const choice: PosterChoice | undefined =
      wanted.kind === 'automatic'
        ? undefined
        : wanted.kind === 'moment'
          ? wanted
          : { kind: 'picture', picture }
    await this.#store.choose(id, choice, name)
    return this.#videos.get(asker, id)
  }
}
