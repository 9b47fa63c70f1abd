/** /users: everybody, for administrators: who is suspended, what their channels store. */
import { AppError } from '../../kernel/errors.ts'
import type { ChannelId, UserId } from '../../kernel/ids.ts'
import type { Channels } from '../../library/channels.ts'
import { demand } from '../../library/demand-permission.ts'
import type { PeopleDirectory, PersonOverview } from '../../library/people.ts'
import type { People } from '../auth/people.ts'
import { quotaInput, suspensionInput, type User, user, userList } from '../contract/people.ts'
import { idParams, jsonRoute, type Route } from '../route.ts'

export interface UserRoutesOptions {
  readonly directory: PeopleDirectory
  readonly people: Pick<People, 'suspend' | 'restore'>
  readonly channels: Channels
}

export function userRoutes({ directory, people, channels }: UserRoutesOptions): readonly Route[] {
  const tag = 'People'
  const overviewOf = async (id: UserId) => {
    const found = (await directory.overview()).find((person) => person.id === id)
    if (!found) throw new AppError('not-found', 'There is no such person.')
    return show(found)
  }
  return [
    jsonRoute({
      method: 'get',
      path: '/users',
      tag,
      summary: 'Everybody',
      description: 'For administrators.',
      access: 'signed-in',
      reply: userList,
      problems: [403],
      async handle({ asker }) {
        demand(asker, 'administer', null)
        return { items: (await directory.overview()).map(show) }
      },
    }),
    jsonRoute({
      method: 'post',
      path: '/users/{id}/suspend',
      tag,
      summary: 'Suspend somebody',
      description:
        'They are signed out, their tokens and stream keys do nothing, and what they have on air ends within seconds; its replay stays.',
      access: 'signed-in',
      params: idParams,
      body: suspensionInput,
      reply: user,
      problems: [403, 404, 409],
      async handle({ asker, params, body }) {
        demand(asker, 'administer', null)
        const id = params.id as UserId
        if (id === asker.userId) throw new AppError('conflict', 'You cannot suspend yourself.')
        const until = body.until === undefined ? undefined : new Date(body.until)
        await people.suspend(id, { reason: body.reason, until })
        return overviewOf(id)
      },
    }),
    jsonRoute({
      method: 'post',
      path: '/users/{id}/restore',
      tag,
      summary: 'End a suspension',
      access: 'signed-in',
      params: idParams,
      reply: user,
      problems: [403, 404],
      async handle({ asker, params }) {
        demand(asker, 'administer', null)
        await people.restore(params.id as UserId)
        return overviewOf(params.id as UserId)
      },
    }),
    jsonRoute({
      method: 'patch',
      path: '/channels/{id}',
      tag,
      summary: 'Set what a channel may store',
      description: 'For administrators. Takes effect with its next broadcast.',
      access: 'signed-in',
      params: idParams,
      body: quotaInput,
      problems: [403, 404],
      async handle({ asker, params, body }) {
        demand(asker, 'administer', null)
        await channels.setQuota(params.id as ChannelId, body.quotaBytes)
      },
    }),
  ]
}

function show({ suspension, channels, ...person }: PersonOverview): User {
  return {
    ...person,
    suspension: suspension ? { ...suspension, until: suspension.until?.toISOString() ?? null } : null,
    channels: channels.map(({ quotaBytes, ...channel }) => ({ ...channel, quotaBytes: quotaBytes ?? null })),
  }
}
