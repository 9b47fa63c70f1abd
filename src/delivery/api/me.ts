/** GET /me: who am I. */
import { AppError } from '../../kernel/errors.ts'
import type { Channels } from '../../library/channels.ts'
import type { PeopleDirectory } from '../../library/people.ts'
import { me } from '../contract/people.ts'
import { jsonRoute, type Route } from '../route.ts'

export function meRoutes(directory: PeopleDirectory, channels: Channels): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: '/me',
      tag: 'People',
      summary: 'The signed-in person',
      access: 'signed-in',
      reply: me,
      async handle({ asker }) {
        const person = await directory.find(asker.userId)
        if (!person) throw new AppError('sign-in-required', 'Sign in again.')
        const own = await channels.listOf(person.id)
        return { ...person, channels: own.map(({ id, handle, name }) => ({ id, handle, name })) }
      },
    }),
  ]
}
