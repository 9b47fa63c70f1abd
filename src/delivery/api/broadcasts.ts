/** /broadcasts: what was and is on air. */
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../kernel/errors.ts'
import type { BroadcastId } from '../../kernel/ids.ts'
import type { BroadcastArchive } from '../../library/broadcast-archive.ts'
import { broadcast, broadcastList, broadcastQuery, healthHistory } from '../contract/broadcasts.ts'
import { parseInput } from '../problem.ts'
import { idParams, jsonRoute, type Route, rawRoute, signalOf } from '../route.ts'
import type { OnAirOf, ShowBroadcast } from '../wire-broadcast.ts'

export interface BroadcastRoutesOptions {
  readonly archive: BroadcastArchive
  readonly show: ShowBroadcast
  readonly onAirOf: OnAirOf
  /** Resolves when the replay is complete. False: it is not on air here. */
  readonly endBroadcast: (id: BroadcastId) => Promise<boolean>
  /** All parts as one FLV; while on air up to what is on disk now. Undefined: nothing was recorded. */
  readonly openRecording: (id: BroadcastId, signal: AbortSignal) => Promise<Readable | undefined>
}

export function broadcastRoutes({
  archive,
  show,
  onAirOf,
  endBroadcast,
  openRecording,
}: BroadcastRoutesOptions): readonly Route[] {
  const tag = 'Broadcasts'
  return [
    jsonRoute({
      method: 'get',
      path: '/broadcasts',
      tag,
      summary: 'Broadcasts, newest first',
      description: 'Public ones and your own; administrators see all.',
      access: 'anyone',
      query: broadcastQuery,
      reply: broadcastList,
      problems: [400],
      async handle({ asker, query }) {
        const { items, nextCursor } = await archive.list(asker, query)
        return { items: items.map((one) => show(one, asker)), nextCursor }
      },
    }),
    jsonRoute({
      method: 'get',
      path: '/broadcasts/{id}',
      tag,
      summary: 'One broadcast: its connections, gaps, verdict and health',
      access: 'anyone',
      params: idParams,
      reply: broadcast,
      problems: [404],
      handle: async ({ asker, params }) => show(await archive.get(asker, params.id as BroadcastId), asker),
    }),
    jsonRoute({
      method: 'get',
      path: '/broadcasts/{id}/health',
      tag,
      summary: 'How the encoder did in the last five minutes',
      description:
        'A value every two seconds, of the encoder that is connected now; none when nothing is on air.',
      access: 'signed-in',
      params: idParams,
      reply: healthHistory,
      problems: [403, 404],
      async handle({ asker, params }) {
        const { id } = await archive.getManaged(asker, params.id as BroadcastId)
        const history = onAirOf(id)?.history ?? []
        return {
          items: history.map(({ atMs, ...sample }) => ({ at: new Date(atMs).toISOString(), ...sample })),
        }
      },
    }),
    jsonRoute({
      method: 'post',
      path: '/broadcasts/{id}/end',
      tag,
      summary: 'End a broadcast',
      description:
        'Answers when the replay is complete. What the encoder goes on sending is discarded until it leaves; its next publish is a new broadcast. Ending one that has ended changes nothing.',
      access: 'signed-in',
      params: idParams,
      reply: broadcast,
      problems: [403, 404, 409],
      async handle({ asker, params }) {
        const found = await archive.getManaged(asker, params.id as BroadcastId)
        if (found.state !== 'ended' && !(await endBroadcast(found.id))) {
          const now = await archive.get(asker, found.id)
          if (now.state !== 'ended')
            throw new AppError('conflict', 'This broadcast is on air in another program.')
        }
        return show(await archive.get(asker, found.id), asker)
      },
    }),
    rawRoute({
      method: 'get',
      path: '/broadcasts/{id}/recording.flv',
      tag,
      summary: 'The whole recording as one FLV file',
      description: 'Packet for packet what was received. While on air: up to now.',
      access: 'signed-in',
      params: idParams,
      status: 200,
      rawReply: { type: 'video/x-flv', schema: { type: 'string', format: 'binary' }, description: 'FLV' },
      problems: [403, 404],
      async serve(req, res, asker) {
        const { id } = parseInput(idParams, req.params, 'address')
        const found = await archive.getManaged(asker, id as BroadcastId)
        const recording = await openRecording(found.id, signalOf(res))
        if (!recording) throw new AppError('not-found', 'Nothing of this broadcast is recorded.')
        res.status(200).set({
          'content-type': 'video/x-flv',
          'content-disposition': `attachment; filename="${found.startedAt.toISOString().slice(0, 19).replace(/\D/g, '-')}.flv"`,
          'cache-control': 'no-store',
        })
        if (req.method === 'HEAD') {
          recording.destroy()
          res.end()
        } else {
          await pipeline(recording, res)
        }
      },
    }),
  ]
}
