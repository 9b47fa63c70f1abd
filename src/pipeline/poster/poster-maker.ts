/**
 * Posters: from the video itself or from a picture somebody sent, in two sizes, under a name that is another
 * one when the picture is, so that every address may be kept for ever.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError, isDiskFull } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { mediaKeys } from '../../media/layout.ts'
import { pictureKind, rewritePicture } from '../ffmpeg/picture-argv.ts'
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts'
import { runFfprobe } from '../ffmpeg/run-ffprobe.ts'
import { openAttemptDir, readTimeline, type StepParts } from '../steps/step-parts.ts'
import { POSTER_SIDE, pickPicture, takePicture } from './pick-picture.ts'

const CARD_SIDE = 480
/** Of one picture that was sent: more is an attack on the decoder. */
const PICTURE_LIMIT_MS = 60_000
/** A picture that is no picture is told by this many bytes. */
const NOT_A_PICTURE =
  'This is not a picture that can be read. Send JPEG, PNG, WebP or AVIF of at most 50 megapixels.'

export type PosterParts = Pick<
  StepParts,
  'catalogue' | 'store' | 'tools' | 'storageDir' | 'tmpDir' | 'logger'
>

export interface PosterMaker {
  /** The best of a few pictures, or the one shown at `seconds`, as JPEG. Throws AppError `not-ready`, `encode-failed`. */
  fromVideo(mediaId: VideoId, seconds: number | undefined, signal: AbortSignal): Promise<Buffer>
  /** Anything at all that somebody sent, as JPEG of our own. Throws AppError `not-a-picture`. */
  fromPicture(bytes: Uint8Array, signal: AbortSignal): Promise<Buffer>
  /** Puts both sizes into the media store. Resolves with their name. */
  store(mediaId: VideoId, jpeg: Uint8Array, signal: AbortSignal): Promise<string>
}

export function makePosterMaker(parts: PosterParts): PosterMaker {
  return {
    async fromVideo(mediaId, seconds, signal) {
      const [video, timeline] = await Promise.all([
        parts.catalogue.findVideo(mediaId),
        readTimeline(parts.store, mediaId),
      ])
      if (!video || !timeline || timeline.segments.length === 0)
        throw new AppError('not-ready', 'Nothing of the video can be shown yet.')
      await using dir = await openAttemptDir(parts.tmpDir, 'poster')
      const request = { video, timeline, dir: dir.path, signal }
      return await (seconds === undefined
        ? pickPicture(parts, request)
        : takePicture(parts, request, seconds))
    },

    async fromPicture(bytes, signal) {
      const kind = pictureKind(bytes)
      if (!kind) throw new AppError('not-a-picture', NOT_A_PICTURE)
      await using dir = await openAttemptDir(parts.tmpDir, 'picture')
      const inputPath = path.join(dir.path, 'input')
      const outputPath = path.join(dir.path, 'output.jpg')
      await writeFile(inputPath, bytes)
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PICTURE_LIMIT_MS)])
      try {
        const orientation = kind === 'jpeg' ? await readOrientation(parts, inputPath, limit) : 1
        const job = { inputPath, kind, orientation, side: POSTER_SIDE, outputPath }
        await runFfmpeg(parts.tools, rewritePicture(job), { signal: limit })
        return await readFile(outputPath)
      } catch (cause) {
        signal.throwIfAborted()
        if (isDiskFull(cause)) throw cause
        throw new AppError('not-a-picture', NOT_A_PICTURE, { cause })
      }
    },

    async store(mediaId, jpeg, signal) {
      const name = createHash('sha256').update(jpeg).digest('hex').slice(0, 16)
      await using dir = await openAttemptDir(parts.tmpDir, 'poster')
      const inputPath = path.join(dir.path, 'page.jpg')
      const outputPath = path.join(dir.path, 'card.jpg')
      await writeFile(inputPath, jpeg)
      await runFfmpeg(parts.tools, rewritePicture({ inputPath, kind: 'jpeg', side: CARD_SIDE, outputPath }), {
        signal,
      })
      await parts.store.put(mediaKeys.posterPicture(mediaId, name, 'card'), await readFile(outputPath))
      await parts.store.put(mediaKeys.posterPicture(mediaId, name, 'page'), jpeg)
      return name
    },
  }
}

/** How the camera was held: EXIF's number, which ffprobe shows with the decoded picture. */
async function readOrientation(
  { tools }: PosterParts,
  inputPath: string,
  signal: AbortSignal,
): Promise<number> {
  const { stdout } = await runFfprobe(
    tools,
    inputPath,
    [
      ...['-format_whitelist', 'jpeg_pipe', '-f', 'jpeg_pipe', '-read_intervals', '%+#1'],
      ...['-show_entries', 'frame_tags=Orientation', '-of', 'default=nw=1:nk=1'],
    ],
    signal,
  )
  const orientation = Number.parseInt(stdout, 10)
  return orientation >= 1 && orientation <= 8 ? orientation : 1
}
