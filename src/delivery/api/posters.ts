/** /videos/{id}/poster and /videos/{id}/chapter-suggestions: what a video shows of itself before it plays. */
import type { Request } from 'express'
import { AppError } from '../../kernel/errors.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { suggestChapters } from '../../library/chapters.ts'
import { demand } from '../../library/demand-permission.ts'
import { MAX_PICTURE_BYTES, type Posters, type WantedPoster } from '../../library/posters.ts'
import type { StoryboardStore } from '../../library/storyboards.ts'
import { subjectOf } from '../../library/video-record.ts'
import type { Videos } from '../../library/videos.ts'
import { chapterList, posterMoment } from '../contract/captions.ts'
import { video } from '../contract/videos.ts'
import { parseInput } from '../problem.ts'
import { idParams, jsonRoute, type Route, rawRoute, signalOf } from '../route.ts'
import type { ShowVideo } from '../wire-video.ts'

const NEVER = new AbortController().signal

export interface PosterRoutesOptions {
  readonly posters: Posters
  readonly videos: Videos
  readonly storyboards: StoryboardStore
  readonly show: ShowVideo
}

export function posterRoutes({ posters, videos, storyboards, show }: PosterRoutesOptions): readonly Route[] {
  return [
    rawRoute({
      method: 'put',
      path: '/videos/{id}/poster',
      tag: 'Videos',
      summary: 'Choose the poster',
      description:
        'A moment of the video as JSON, `{"seconds": 12.5}`; or a picture as the body itself (image/jpeg, image/png, image/webp or image/avif, at most 10 MiB), of which only the pixels are kept.',
      access: 'signed-in',
      params: idParams,
      rawBody: { type: 'application/json', schema: posterMoment, description: 'or a picture' },
      status: 200,
      reply: video,
      problems: [403, 404, 413, 422, 503],
      async serve(req, res, asker) {
        const { id } = parseInput(idParams, req.params, 'address')
        // Before megabytes are taken.
        demand(asker, 'edit', subjectOf(await videos.get(asker, id as VideoId)))
        const wanted: WantedPoster = req.is('application/json')
          ? { kind: 'moment', ...parseInput(posterMoment, req.body ?? {}, 'request body') }
          : { kind: 'picture', picture: await readPicture(req) }
        const chosen = await posters.choose(asker, id as VideoId, wanted, signalOf(res))
        res.status(200).set('cache-control', 'no-store').json(show(chosen, asker))
      },
    }),
    jsonRoute({
      method: 'delete',
      path: '/videos/{id}/poster',
      tag: 'Videos',
      summary: 'Let the poster be chosen by itself again',
      access: 'signed-in',
      params: idParams,
      reply: video,
      problems: [403, 404, 503],
      handle: async ({ asker, params }) =>
        show(await posters.choose(asker, params.id as VideoId, { kind: 'automatic' }, NEVER), asker),
    }),
    jsonRoute({
      method: 'get',
      path: '/videos/{id}/chapter-suggestions',
      tag: 'Videos',
      summary: 'Where chapters may begin',
      description:
        'Where the scenes of the video change most. To be kept, send them as `chapters` of the video.',
      access: 'signed-in',
      params: idParams,
      reply: chapterList,
      problems: [403, 404],
      async handle({ asker, params }) {
        const found = await videos.get(asker, params.id as VideoId)
        demand(asker, 'edit', subjectOf(found))
        const scenes = await storyboards.scenes(found.mediaId)
        return { items: [...suggestChapters(scenes, found.durationSeconds ?? 0)] }
      },
    }),
  ]
}

async function readPicture(req: Request): Promise<Uint8Array> {
  if (!/^(image\/|application\/octet-stream)/.test(req.headers['content-type'] ?? ''))
    throw new AppError(
      'bad-request',
      'Send {"seconds": …} as JSON, or a picture with its type, such as image/jpeg.',
    )
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.byteLength
    if (bytes > MAX_PICTURE_BYTES)
      throw new AppError('too-large', 'The picture is larger than 10 MiB.', {
        fields: { maxBytes: MAX_PICTURE_BYTES },
      })
    parts.push(part)
  }
  return Buffer.concat(parts)
}
