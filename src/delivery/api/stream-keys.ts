/** /stream-keys: what an encoder publishes with. */
import { AppError } from '../../kernel/errors.ts'
import type { Channels } from '../../library/channels.ts'
import { demand } from '../../library/demand-permission.ts'
import type { PeopleDirectory } from '../../library/people.ts'
import type { StreamKeyRecord, StreamKeys } from '../../library/stream-keys.ts'
import { newStreamKey, type StreamKey, streamKeyInput, streamKeyList } from '../contract/broadcasts.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'

export interface StreamKeyRoutesOptions {
  readonly streamKeys: StreamKeys
  readonly channels: Channels
  readonly directory: PeopleDirectory
  /** rtmp://host:1935/live */
  readonly publishServer: string
  /** rtmps://host:1936/live; undefined: RTMPS is off. */
  readonly securePublishServer: string | undefined
}

export function streamKeyRoutes({
  streamKeys,
  channels,
  directory,
  publishServer,
  securePublishServer,
}: StreamKeyRoutesOptions): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: '/stream-keys',
      tag: 'Stream keys',
      summary: 'Your stream keys',
      access: 'signed-in',
      reply: streamKeyList,
      async handle({ asker }) {
        return {
          items: (await streamKeys.listOf(asker.userId)).map(show),
          server: publishServer,
          secureServer: securePublishServer ?? null,
        }
      },
    }),
    jsonRoute({
      method: 'post',
      path: '/stream-keys',
      tag: 'Stream keys',
      summary: 'Make a stream key',
      description: 'The key is in this answer only.',
      access: 'signed-in',
      body: streamKeyInput,
      reply: newStreamKey,
      status: 201,
      problems: [403],
      async handle({ asker, body }) {
        demand(asker, 'create', null)
        const person = await directory.find(asker.userId)
        if (!person) throw new AppError('sign-in-required', 'Sign in again.')
        const channel = await channels.ensure(person.id, person.name)
        const { id, label, key } = await streamKeys.create(
          channel.id,
          body.label,
          body.expiresAt === undefined ? null : new Date(body.expiresAt),
        )
        return { id, label, key, server: publishServer, publishUrl: `${publishServer}/${key}` }
      },
    }),
    jsonRoute({
      method: 'delete',
      path: '/stream-keys/{id}',
      tag: 'Stream keys',
      summary: 'Revoke a stream key',
      description: 'A broadcast that already runs with it goes on; nothing new begins.',
      access: 'signed-in',
      params: idParams,
      problems: [404],
      handle: ({ asker, params }) => streamKeys.revoke(asker.userId, params.id),
    }),
  ]
}

function show(key: StreamKeyRecord): StreamKey {
  return {
    ...key,
    createdAt: key.createdAt.toISOString(),
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    expiresAt: key.expiresAt?.toISOString() ?? null,
  }
}
