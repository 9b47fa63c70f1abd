/** POST /uploads: a file as multipart/form-data, streamed to disk, never held in memory. */
import type { Request, Response } from 'express'
import multer from 'multer'
import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import { demand } from '../../library/demand-permission.ts'
import type { PeopleDirectory } from '../../library/people.ts'
import type { Asker } from '../../library/permissions.ts'
import type { ArrivingUpload, Uploads } from '../../library/uploads.ts'
import type { Videos } from '../../library/videos.ts'
import { video, visibility } from '../contract/videos.ts'
import { parseInput } from '../problem.ts'
import { type Route, rawRoute, signalOf } from '../route.ts'
import type { ShowVideo } from '../wire-video.ts'

export interface UploadRoutesOptions {
  readonly uploads: Uploads
  readonly directory: PeopleDirectory
  readonly videos: Videos
  readonly showVideo: ShowVideo
}

/** Also what tus clients send as metadata. */
export const uploadFields = z.object({
  title: z.string().trim().max(200).default(''),
  visibility: visibility.default('public'),
})
const form = uploadFields.extend({
  file: z.string().meta({ format: 'binary', description: 'The last field.' }),
})

const MAX_FIELDS = 8
const MAX_FIELD_BYTES = 4096
/** What the form adds around the file. */
const FORM_OVERHEAD_BYTES = 16 * 1024
const WRITE_BUFFER_BYTES = 1024 * 1024

export function uploadRoutes(options: UploadRoutesOptions): readonly Route[] {
  const { uploads } = options
  return [
    rawRoute({
      method: 'post',
      path: '/uploads',
      tag: 'Uploads',
      summary: 'Upload a video file',
      description:
        'Any file that ffmpeg reads as a video. Fields before the file. A file that is no video is refused with a reason and not kept. Interrupted uploads leave nothing: for large files over bad lines see /uploads/tus.',
      access: 'signed-in',
      rawBody: { type: 'multipart/form-data', schema: form, description: 'title, visibility, then file' },
      status: 201,
      reply: video,
      problems: [400, 403, 413, 422, 507],
      async serve(req, res, asker) {
        demand(asker, 'create', null)
        if (!req.is('multipart/form-data')) {
          throw new AppError('bad-request', 'Send the file as multipart/form-data, in the field "file".')
        }
        await uploads.checkRoom(
          Math.max(0, Number(req.headers['content-length'] ?? 0) - FORM_OVERHEAD_BYTES),
          asker.kind === 'person' ? { userId: asker.userId } : undefined,
        )
        const { arriving, fileName } = await receive(req, res, uploads)
        let fields: z.output<typeof uploadFields>
        try {
          fields = parseInput(uploadFields, { ...(req.body as object) }, 'form')
        } catch (error) {
          await uploads.discard(arriving)
          throw error
        }
        const made = await finishUpload(options, asker, arriving, { ...fields, fileName }, signalOf(res))
        res.status(201).location(`/api/v1/videos/${made.id}`).set('cache-control', 'no-store').json(made)
      },
    }),
  ]
}

/** The file is on disk: the same end for multipart and tus. */
export async function finishUpload(
  { uploads, directory, videos, showVideo }: UploadRoutesOptions,
  asker: Asker,
  arriving: ArrivingUpload,
  details: z.output<typeof uploadFields> & { readonly fileName: string },
  signal: AbortSignal,
) {
  const person = asker.kind === 'person' ? await directory.find(asker.userId) : undefined
  if (!person) {
    await uploads.discard(arriving)
    throw new AppError('sign-in-required', 'Sign in again.')
  }
  const id = await uploads.accept(arriving, { userId: person.id, userName: person.name }, details, signal)
  return showVideo(await videos.get(asker, id), asker)
}

/** Streams the form to disk. Nothing is left there when this rejects. */
async function receive(
  req: Request,
  res: Response,
  uploads: Uploads,
): Promise<{ readonly arriving: ArrivingUpload; readonly fileName: string }> {
  let arriving: ArrivingUpload | undefined
  const storage = multer.diskStorage({
    destination: (_req, file, done) => {
      uploads.begin(file.originalname).then(
        (begun) => {
          arriving = begun
          done(null, begun.dir)
        },
        (error: unknown) => done(error as Error, ''),
      )
    },
    filename: (_req, _file, done) =>
      done(null, arriving ? arriving.file.slice(arriving.dir.length + 1) : 'source'),
  })
  const read = multer({
    storage,
    limits: { files: 1, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, fileSize: uploads.maxUploadBytes },
    fileHwm: WRITE_BUFFER_BYTES,
    // Names are UTF-8 in every browser; the library's default is Latin-1.
    defParamCharset: 'utf8',
  } as multer.Options).single('file')
  try {
    await new Promise<void>((resolve, reject) => {
      read(req, res, (error: unknown) => (error ? reject(error) : resolve()))
    })
    if (!arriving || !req.file) throw new AppError('bad-request', 'The form has no field "file".')
    return { arriving, fileName: req.file.originalname }
  } catch (error) {
    if (arriving) await uploads.discard(arriving)
    // What is still on its way would be read as the next request.
    if (!res.headersSent) res.set('connection', 'close')
    throw error
  }
}
