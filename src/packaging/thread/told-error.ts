/** Errors as they go from thread to thread: a clone of one would have lost its class and its code. */
import { AppError, describeError, ERROR_STATUS, type ErrorCode } from '../../kernel/errors.ts'
import type { ToldError } from './thread-messages.ts'

export function tellError(error: unknown): ToldError {
  const { code, stack } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const fields = error instanceof AppError ? JSON.parse(JSON.stringify(error.fields)) : {}
  return { message: describeError(error), stack, code, fields }
}

export function errorTold({ message, stack, code, fields }: ToldError): Error {
  const error =
    code !== undefined && code in ERROR_STATUS
      ? new AppError(code as ErrorCode, message, { fields })
      : Object.assign(new Error(message), code === undefined ? {} : { code })
  if (stack !== undefined) error.stack = stack
  return error
}
