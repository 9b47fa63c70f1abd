/** What a request can fail with, in words for the person at the screen. */
import { type Problem, problem } from '../../../src/delivery/contract/problem.ts'

/** `status` 0: no answer at all. `code` is the server's, or one of ours: unreachable, not-understood. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly code: string
  readonly faults: NonNullable<Problem['faults']>

  constructor(status: number, code: string, detail: string, faults: Problem['faults'] = [], cause?: unknown) {
    super(detail, { cause })
    this.status = status
    this.code = code
    this.faults = faults
  }
}

const BY_STATUS: Readonly<Record<number, string>> = {
  401: 'Please sign in first.',
  403: 'Your account may not do this.',
  404: 'It is not there. It may have been deleted, or it is private.',
  408: 'The server waited too long for this request. Try again.',
  409: 'It was changed in the meantime. Reload the page and try again.',
  413: 'This is too large for the server, or for a proxy in front of it.',
  429: 'Too many tries. Wait a minute and try again.',
  502: 'The server is starting or being restarted. Try again in a few seconds.',
  503: 'The server is busy or starting. Try again in a few seconds.',
}

/** For an answer without problem details, such as a proxy's own page. */
export function wordsForStatus(status: number): string {
  return (
    BY_STATUS[status] ??
    `The server answered with an error (${status}). Try again; if it stays, tell the administrator.`
  )
}

/** From the text of an answer that is not 2xx: problem details, better-auth's `{code, message}`, or anything. */
export function parseProblem(status: number, text: string): ApiProblem {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return new ApiProblem(status, `http-${status}`, wordsForStatus(status))
  }
  const known = problem.safeParse(body)
  if (known.success) return new ApiProblem(status, known.data.code, known.data.detail, known.data.faults)
  const { code, message } = (body ?? {}) as { code?: unknown; message?: unknown }
  return new ApiProblem(
    status,
    typeof code === 'string' ? code : `http-${status}`,
    typeof message === 'string' && message !== '' ? message : wordsForStatus(status),
  )
}

export function unreachable(cause?: unknown): ApiProblem {
  return new ApiProblem(
    0,
    'unreachable',
    'The server cannot be reached. Check your connection, then try again.',
    [],
    cause,
  )
}

/** One or two sentences for any error. */
export function wordsFor(error: unknown): string {
  if (error instanceof ApiProblem) {
    const faults = error.faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    return faults.length > 0 && !faults.some((fault) => error.message.includes(fault))
      ? `${error.message} (${faults.join('; ')})`
      : error.message
  }
  return 'Something went wrong on this page. Reload it; if it stays, tell the administrator.'
}
