/** /videos: the catalogue. */
import type { z } from 'zod'
import type { BroadcastId, VideoId } from '../../kernel/ids.ts'
import { demand } from '../../library/demand-permission.ts'
import type { Jobs } from '../../library/jobs.ts'
import { subjectOf } from '../../library/video-record.ts'
import type { Videos } from '../../library/videos.ts'
import { jobList, jobQuery } from '../contract/jobs.ts'
import { video, videoList, videoPatch, videoQuery } from '../contract/videos.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'
import type { ShowVideo } from '../wire-video.ts'
import { showJob } from './jobs.ts'

const videoIdOf = (params: z.output<typeof idParams>) => params.id as VideoId

export interface VideoRoutesOptions {
  readonly videos: Videos
  readonly show: ShowVideo
  readonly jobs: Jobs
  /** Resolves when the replay is complete. False: it is not on air here. */
  readonly endBroadcast: (id: BroadcastId) => Promise<boolean>
}

export function videoRoutes({ videos, show, jobs, endBroadcast }: VideoRoutesOptions): readonly Route[] {
  const tag = 'Videos'
  return [
    jsonRoute({
      method: 'get',
      path: '/videos',
      tag,
      summary: 'Find videos',
      description:
        '`scope=public`: the public library. `mine`: your own, whatever their visibility. `all`: everybody’s, for administrators.',
      access: 'anyone',
      query: videoQuery,
      reply: videoList,
      problems: [400, 401, 403],
      async handle({ asker, query }) {
        const { items, nextCursor } = await videos.list(asker, query)
        return { items: items.map((one) => show(one, asker)), nextCursor }
      },
    }),
    jsonRoute({
      method: 'get',
      path: '/videos/{id}',
      tag,
      summary: 'One video',
      access: 'anyone',
      params: idParams,
      reply: video,
      problems: [404],
      handle: async ({ asker, params }) => show(await videos.get(asker, videoIdOf(params)), asker),
    }),
    jsonRoute({
      method: 'patch',
      path: '/videos/{id}',
      tag,
      summary: 'Edit a video',
      description: 'Only what is sent is changed.',
      access: 'signed-in',
      params: idParams,
      body: videoPatch,
      reply: video,
      problems: [403, 404],
      handle: async ({ asker, params, body }) =>
        show(await videos.edit(asker, videoIdOf(params), body), asker),
    }),
    jsonRoute({
      method: 'delete',
      path: '/videos/{id}',
      tag,
      summary: 'Delete a video',
      description:
        'With its recording or uploaded file and everything made from it. It is out of the catalogue at once. A broadcast on air is ended first.',
      access: 'signed-in',
      params: idParams,
      problems: [403, 404, 409],
      handle: ({ asker, params }) => videos.delete(asker, videoIdOf(params), endBroadcast),
    }),
    jsonRoute({
      method: 'get',
      path: '/videos/{id}/jobs',
      tag,
      summary: 'The work on a video',
      access: 'signed-in',
      params: idParams,
      query: jobQuery,
      reply: jobList,
      problems: [403, 404],
      async handle({ asker, params, query }) {
        const found = await videos.get(asker, videoIdOf(params))
        demand(asker, 'manage', subjectOf(found))
        const { items, nextCursor } = await jobs.list(asker, { videoId: found.id, ...query })
        return { items: items.map(showJob), nextCursor }
      },
    }),
  ]
}
