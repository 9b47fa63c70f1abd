/**
 * Accounts, passwords, sessions and roles: better-auth over our own tables (prisma/schema.prisma, people).
 * Nobody can sign themselves up; people are made on the command line (docs/decisions).
 */
import { betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { createAccessControl } from 'better-auth/plugins/access'
import { admin } from 'better-auth/plugins/admin'
import { adminAc, defaultStatements } from 'better-auth/plugins/admin/access'
import { newId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { HiddenCauses } from './hidden-causes.ts'

export const MIN_PASSWORD_LENGTH = 8
export const MAX_PASSWORD_LENGTH = 128
/** Set by us from the socket on every request, never believed from outside. */
export const PEER_HEADER = 'x-reprise-peer'

const SESSION_SECONDS = 14 * 24 * 3600
const SESSION_RENEW_SECONDS = 24 * 3600
/** Sign-ins of one address, right or wrong. */
const SIGN_IN_WINDOW_SECONDS = 60
const MAX_SIGN_INS = 20

/**
 * better-auth's own doors that would pass by our rules: removing a person would take the rows of their videos
 * along and leave the files; acting as somebody else needs an audit that does not exist yet.
 */
const DISABLED_PATHS = [
  '/sign-up/email',
  '/delete-user',
  '/admin/remove-user',
  '/admin/impersonate-user',
  '/admin/stop-impersonating',
]

export interface SignInOptions {
  /** The Prisma client, as better-auth's adapter takes it: it addresses models by name. */
  readonly prisma: object
  readonly publicUrl: string
  readonly secret: Uint8Array
  readonly log: Logger
}

export type SignIn = ReturnType<typeof makeSignIn>

export function makeSignIn({ prisma, publicUrl, secret, log }: SignInOptions) {
  const access = createAccessControl(defaultStatements)
  const nothing = access.newRole({})
  const causes = new HiddenCauses()
  const auth = betterAuth({
    appName: 'Reprise',
    baseURL: publicUrl,
    basePath: '/api/auth',
    secret: Buffer.from(secret).toString('base64url'),
    telemetry: { enabled: false },
    database: prismaAdapter(prisma, { provider: 'postgresql', transaction: true }),
    user: { modelName: 'user' },
    session: { modelName: 'authSession', expiresIn: SESSION_SECONDS, updateAge: SESSION_RENEW_SECONDS },
    account: { modelName: 'account' },
    verification: { modelName: 'verification' },
    disabledPaths: DISABLED_PATHS,
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
    },
    // The site is reached by many names (localhost, an address, PUBLIC_URL); same-origin.ts has compared
    // the Origin with the name the browser used before a request comes here.
    trustedOrigins: (request) => [request?.headers.get('origin') ?? publicUrl],
    rateLimit: {
      enabled: true,
      customRules: { '/sign-in/email': { window: SIGN_IN_WINDOW_SECONDS, max: MAX_SIGN_INS } },
    },
    advanced: {
      cookiePrefix: 'reprise',
      database: { generateId: () => newId() },
      ipAddress: { ipAddressHeaders: [PEER_HEADER] },
    },
    logger: {
      level: 'warn',
      log: (level, message, ...particulars) => {
        for (const particular of particulars) causes.hear(particular)
        const err = particulars.find((particular) => particular instanceof Error)
        log[level === 'error' ? 'warn' : 'debug']({ from: 'better-auth', ...(err && { err }) }, message)
      },
    },
    onAPIError: {
      onError: (error) => {
        causes.hear(error)
        if (error instanceof Error) log.debug({ from: 'better-auth', err: error }, 'request failed')
      },
    },
    plugins: [
      admin({
        defaultRole: 'viewer',
        adminRoles: ['admin'],
        roles: { viewer: nothing, creator: nothing, admin: access.newRole(adminAc.statements) },
      }),
    ],
  })
  return Object.assign(auth, { causes })
}
