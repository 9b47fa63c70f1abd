/** /api/auth: better-auth's own routes, with its errors as problems and its address limits by client-address.ts. */
import express, { type Request, type Response, Router } from 'express'
import { AppError } from '../../kernel/errors.ts'
import type { ClientAddresses } from '../client-address.ts'
import { sendProblem, toProblem } from '../problem.ts'
import { PEER_HEADER, type SignIn } from './sign-in.ts'

const MAX_BODY_BYTES = 64 * 1024

export function authRoutes(signIn: SignIn, addresses: ClientAddresses): Router {
  const router = Router()
  router.use(express.raw({ type: () => true, limit: MAX_BODY_BYTES }), async (req, res) => {
    const answer = await signIn.causes.reveal(() => signIn.handler(toWebRequest(req, addresses)))
    const body = Buffer.from(await answer.arrayBuffer())
    for (const [name, value] of answer.headers) {
      if (name !== 'set-cookie' && name !== 'content-length') res.setHeader(name, value)
    }
    const cookies = answer.headers.getSetCookie()
    if (cookies.length > 0) res.setHeader('set-cookie', cookies)
    res.setHeader('cache-control', 'no-store')
    if (answer.status >= 400) return sendAsProblem(res, answer, body)
    res.status(answer.status).end(body)
  })
  return router
}

function toWebRequest(req: Request, addresses: ClientAddresses): globalThis.Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  const ownOrigin = `${req.protocol}://${req.headers.host ?? 'localhost'}`
  // Programs send no Origin; that pages of other sites do not get here is same-origin.ts's doing.
  if (!headers.has('origin')) headers.set('origin', ownOrigin)
  headers.set(PEER_HEADER, addresses.of(req))
  const body: unknown = req.body
  return new globalThis.Request(new URL(req.originalUrl, ownOrigin), {
    method: req.method,
    headers,
    ...(Buffer.isBuffer(body) && body.byteLength > 0 ? { body: new Uint8Array(body) } : {}),
  })
}

/** `message` stays beside the problem's own members: better-auth's client shows it. */
function sendAsProblem(res: Response, answer: globalThis.Response, body: Buffer): void {
  const message = readMessage(body)
  const code =
    answer.status === 401
      ? 'sign-in-required'
      : answer.status === 403
        ? 'forbidden'
        : answer.status === 404
          ? 'not-found'
          : answer.status === 422
            ? 'invalid-input'
            : answer.status === 429
              ? 'too-many-requests'
              : answer.status >= 500
                ? 'internal'
                : 'bad-request'
  const retryAfter = answer.headers.get('x-retry-after')
  if (retryAfter) res.setHeader('retry-after', retryAfter)
  const problem = toProblem(new AppError(code, message || 'The request could not be served.'))
  sendProblem(res, { ...problem, body: { ...problem.body, message } as typeof problem.body })
}

function readMessage(body: Buffer): string {
  try {
    const { message } = JSON.parse(body.toString()) as { message?: unknown }
    return typeof message === 'string' ? message : ''
  } catch {
    return ''
  }
}
