/** Whatever was thrown, as application/problem+json with a stable code (docs/errors.md). RFC 9457. */
import type { NextFunction, Request, Response } from 'express'
import { MulterError } from 'multer'
import type { z } from 'zod'
import { AppError, ERROR_STATUS, type ErrorCode } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Problem } from './contract/problem.ts'
import { isDatabaseAway } from './database-away.ts'

export interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Problem
}

/** Seconds after which it is worth asking again. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  'not-ready': 2,
  'database-unavailable': 5,
  'too-many-requests': 5,
}

const TITLES: Readonly<Record<ErrorCode, string>> = {
  'bad-request': 'The request cannot be understood',
  'sign-in-required': 'Sign in first',
  forbidden: 'Not allowed',
  'not-found': 'Not found',
  conflict: 'In conflict with what is there',
  gone: 'No longer there',
  'too-large': 'Too large',
  'not-a-video': 'Not a video',
  'not-a-picture': 'Not a picture',
  'not-captions': 'Not captions',
  'invalid-input': 'Invalid input',
  'too-many-requests': 'Too many requests',
  'client-closed-request': 'The client went away',
  internal: 'Something went wrong here',
  'disk-full': 'No space left',
  'quota-exceeded': 'The channel is full',
  'database-unavailable': 'The database does not answer',
  'not-ready': 'Not ready yet',
  'bad-setting': 'Bad setting',
  'setup-failed': 'Setup failed',
  'recording-failed': 'Recording failed',
  'encode-failed': 'Encoding failed',
  'media-corrupt': 'Damaged media',
}

export function toProblem(error: unknown): ProblemAnswer {
  const known = error instanceof AppError ? error : recognise(error)
  const { code, fields } = known
  const { faults, retryAfterSeconds } = fields as { faults?: Problem['faults']; retryAfterSeconds?: number }
  const retryAfter = retryAfterSeconds ?? RETRY_AFTER[code]
  return {
    status: ERROR_STATUS[code],
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    body: {
      type: `/api/docs/errors#${code}`,
      title: TITLES[code],
      status: ERROR_STATUS[code],
      detail: known.message,
      code,
      ...(faults ? { faults } : {}),
    },
  }
}

/** Parses outside input. Throws AppError `invalid-input` naming every fault. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, where: string): z.output<S> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
  const shown = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  throw new AppError('invalid-input', `Invalid ${where}: ${shown}`, {
    cause: parsed.error,
    fields: { faults },
  })
}

export function sendProblem(res: Response, { status, headers, body }: ProblemAnswer): void {
  res.status(status).set(headers).set('cache-control', 'no-store')
  res.type('application/problem+json').send(JSON.stringify(body))
}

/** Foreseen failures are logged quietly, bugs with their stack. */
export function logProblem(
  log: Logger,
  asked: { readonly method: string; readonly path: string },
  { status, body }: ProblemAnswer,
  error: unknown,
): void {
  const fields = { ...asked, code: body.code }
  if (status >= 500 && body.code !== 'not-ready') log.error({ ...fields, err: error }, 'request failed')
  else log.debug({ ...fields, detail: body.detail }, 'request refused')
}

/** The last of the app's handlers. */
export function problemHandler(log: Logger) {
  // Express tells an error handler by its four parameters.
  return (error: unknown, req: Request, res: Response, _next: NextFunction): void => {
    const problem = toProblem(error)
    logProblem(log, { method: req.method, path: req.path }, problem, error)
    // With the headers gone, a broken connection is the only way left to say that the body is not whole.
    if (res.headersSent) res.destroy()
    else sendProblem(res, problem)
  }
}

/** Errors of the libraries between us and the client. */
function recognise(error: unknown): AppError {
  if (error instanceof MulterError) return recogniseMulter(error)
  const {
    name = '',
    code = '',
    type = '',
    status,
  } = (error ?? {}) as {
    name?: string
    code?: unknown
    type?: string
    status?: number
  }
  if (isDatabaseAway(error)) {
    return new AppError('database-unavailable', 'The database does not answer. Try again in a moment.', {
      cause: error,
    })
  }
  if (code === 'P2002') return new AppError('conflict', 'There is one like this already.', { cause: error })
  if (code === 'P2025') return new AppError('not-found', 'It is not there any more.', { cause: error })
  if (type === 'entity.too.large')
    return new AppError('too-large', 'The request body is too large.', { cause: error })
  if (type === 'entity.parse.failed')
    return new AppError('bad-request', 'The request body is not valid JSON.', { cause: error })
  if (
    type === 'request.aborted' ||
    code === 'ECONNABORTED' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    name === 'AbortError' ||
    // multer 2 has no code for it.
    (error instanceof Error && /^Request (aborted|closed)$/.test(error.message))
  ) {
    return new AppError('client-closed-request', 'The client closed the connection.', { cause: error })
  }
  if (error instanceof URIError)
    return new AppError('bad-request', 'The address is not validly encoded.', { cause: error })
  if (status !== undefined && status >= 400 && status < 500) {
    return new AppError(
      'bad-request',
      error instanceof Error ? error.message : 'The request cannot be understood.',
      { cause: error },
    )
  }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AppError('disk-full', 'The server has no disk space left.', { cause: error })
  return new AppError('internal', 'Something went wrong on the server. It has been written to its log.', {
    cause: error,
  })
}

function recogniseMulter(error: MulterError): AppError {
  if (error.code === 'LIMIT_FILE_SIZE')
    return new AppError('too-large', 'The file is larger than this server takes.', { cause: error })
  return new AppError('bad-request', `The upload form cannot be read: ${error.message}.`, { cause: error })
}
