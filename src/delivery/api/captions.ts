/** /videos/{id}/captions: words to be read, given as files or recognised by a program. */
import type { Request, Response } from 'express'
import multer from 'multer'
import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { type Captions, MAX_CAPTION_BYTES } from '../../library/captions/captions.ts'
import type { Videos } from '../../library/videos.ts'
import { captionFields, captionList, captionPatch, speechRequest } from '../contract/captions.ts'
import { video } from '../contract/videos.ts'
import { parseInput } from '../problem.ts'
import { idParams, jsonRoute, type Route, rawRoute } from '../route.ts'
import type { ShowVideo } from '../wire-video.ts'

const captionParams = idParams.extend({ captionId: z.string().min(1).max(64) })
const file = z.string().meta({ format: 'binary', description: 'The last field: WebVTT or SubRip.' })
const TAG = 'Captions'
const MAX_FIELDS = 8
const MAX_FIELD_BYTES = 1024

export function captionRoutes(captions: Captions, videos: Videos, show: ShowVideo): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: '/videos/{id}/captions',
      tag: TAG,
      summary: 'The captions of a video',
      access: 'anyone',
      params: idParams,
      reply: captionList,
      problems: [404],
      async handle({ asker, params }) {
        const found = show(await videos.get(asker, params.id as VideoId), asker)
        return { items: found.captions, recognisesSpeech: captions.recognisesSpeech }
      },
    }),
    rawRoute({
      method: 'post',
      path: '/videos/{id}/captions',
      tag: TAG,
      summary: 'Add captions',
      description:
        'A WebVTT or SubRip file in UTF-8 or UTF-16. What is wrong with one is told with its line.',
      access: 'signed-in',
      params: idParams,
      rawBody: {
        type: 'multipart/form-data',
        schema: captionFields.extend({ file }),
        description: 'language, name, kind and isDefault, then file',
      },
      status: 201,
      reply: video,
      problems: [403, 404, 409, 413, 422],
      async serve(req, res, asker) {
        const { id } = parseInput(idParams, req.params, 'address')
        const bytes = await receive(req, res)
        const fields = parseInput(captionFields, { ...(req.body as object) }, 'form')
        answer(res, 201, show(await captions.add(asker, id as VideoId, fields, bytes), asker))
      },
    }),
    rawRoute({
      method: 'put',
      path: '/videos/{id}/captions/{captionId}',
      tag: TAG,
      summary: 'Replace the words of captions',
      access: 'signed-in',
      params: captionParams,
      rawBody: { type: 'multipart/form-data', schema: z.object({ file }), description: 'file' },
      status: 200,
      reply: video,
      problems: [403, 404, 413, 422],
      async serve(req, res, asker) {
        const { id, captionId } = parseInput(captionParams, req.params, 'address')
        const bytes = await receive(req, res)
        answer(res, 200, show(await captions.change(asker, id as VideoId, captionId, {}, bytes), asker))
      },
    }),
    jsonRoute({
      method: 'patch',
      path: '/videos/{id}/captions/{captionId}',
      tag: TAG,
      summary: 'Say what captions are',
      description: 'Only what is sent is changed. One of a video’s tracks is the default at most.',
      access: 'signed-in',
      params: captionParams,
      body: captionPatch,
      reply: video,
      problems: [403, 404, 409],
      handle: async ({ asker, params, body }) =>
        show(await captions.change(asker, params.id as VideoId, params.captionId, body), asker),
    }),
    jsonRoute({
      method: 'delete',
      path: '/videos/{id}/captions/{captionId}',
      tag: TAG,
      summary: 'Remove captions',
      access: 'signed-in',
      params: captionParams,
      problems: [403, 404],
      handle: ({ asker, params }) => captions.remove(asker, params.id as VideoId, params.captionId),
    }),
    jsonRoute({
      method: 'post',
      path: '/videos/{id}/captions/speech',
      tag: TAG,
      summary: 'Have what is said recognised',
      description: 'As a job, by the program the server is set up with; the captions appear when it is done.',
      access: 'signed-in',
      params: idParams,
      body: speechRequest,
      status: 202,
      problems: [403, 404, 409],
      handle: ({ asker, params, body }) => captions.recognise(asker, params.id as VideoId, body.language),
    }),
  ]
}

/** The file of a form, in memory: it is small. */
async function receive(req: Request, res: Response): Promise<Uint8Array> {
  if (!req.is('multipart/form-data'))
    throw new AppError('bad-request', 'Send the file as multipart/form-data, in the field "file".')
  const read = multer({
    storage: multer.memoryStorage(),
    limits: { files: 1, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, fileSize: MAX_CAPTION_BYTES },
  }).single('file')
  await new Promise<void>((resolve, reject) => {
    read(req, res, (error: unknown) => (error ? reject(error) : resolve()))
  })
  if (!req.file) throw new AppError('bad-request', 'The form has no field "file".')
  return req.file.buffer
}

function answer(res: Response, status: number, body: unknown): void {
  res.status(status).set('cache-control', 'no-store').json(body)
}
