/** Who asks: by session cookie, by API token, or nobody we know. */
import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../kernel/errors.ts'
import type { UserId } from '../../kernel/ids.ts'
import type { ApiTokens } from '../../library/api-tokens.ts'
import { ANONYMOUS, type Asker, type PersonRole } from '../../library/permissions.ts'
import type { SignIn } from './sign-in.ts'

export type AskerOf = (headers: IncomingHttpHeaders) => Promise<Asker>

/**
 * A token that is not valid is an error, not an anonymous asker: its owner should hear of it. A session
 * that has run out is anonymous: the page offers to sign in.
 * Throws AppError `sign-in-required`.
 */
export function makeAskerOf(signIn: SignIn, tokens: ApiTokens): AskerOf {
  return async (headers) => {
    const { authorization, cookie } = headers
    if (authorization !== undefined) {
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
      const asker = token === undefined ? undefined : await tokens.authenticate(token)
      if (!asker) {
        throw new AppError(
          'sign-in-required',
          'The API token is unknown, revoked or expired. Send it as "Authorization: Bearer rpt_…".',
        )
      }
      return asker
    }
    if (!cookie?.includes('reprise.session_token')) return ANONYMOUS
    const session = await signIn.causes.reveal(() =>
      signIn.api.getSession({ headers: new Headers({ cookie }) }),
    )
    if (!session || isBanned(session.user)) return ANONYMOUS
    return { kind: 'person', userId: session.user.id as UserId, role: readRole(session.user.role) }
  }
}

function isBanned(user: {
  banned?: boolean | null | undefined
  banExpires?: Date | null | undefined
}): boolean {
  return user.banned === true && (!user.banExpires || user.banExpires > new Date())
}

function readRole(role: string | null | undefined): PersonRole {
  return role === 'admin' || role === 'creator' ? role : 'viewer'
}
