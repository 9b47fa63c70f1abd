/**
 * Foreseen failures. Every code is documented in docs/errors.md; the code is the error's
 * identity, the message is for a person and says what to do.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  /** Machine-readable particulars, safe to show to the person who caused the error. */
  readonly fields: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fields?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.fields = options.fields ?? {}
  }
}

/** HTTP status for each error code, as delivery/problem.ts answers it. */
export const ERROR_STATUS = {
  'bad-request': 400,
  'sign-in-required': 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  'not-a-video': 422,
  'not-a-picture': 422,
  'not-captions': 422,
  'invalid-input': 422,
  'too-many-requests': 429,
  'client-closed-request': 499,
  internal: 500,
  'disk-full': 507,
  'quota-exceeded': 507,
  'database-unavailable': 503,
  'not-ready': 503,
  'bad-setting': 500,
  'setup-failed': 500,
  'recording-failed': 500,
  'encode-failed': 500,
  'media-corrupt': 422,
} as const satisfies Record<string, number>

export type ErrorCode = keyof typeof ERROR_STATUS

/** Whether it came about for want of space: said by us, by the system, or by a tool that was run (`fields.stderr`). */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  if (code === 'disk-full' || code === 'ENOSPC' || code === 'EDQUOT') return true
  if (error instanceof AppError && /No space left on device/.test(String(error.fields.stderr ?? '')))
    return true
  return isDiskFull(error.cause)
}

/** A message for a log line or a person from whatever was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
