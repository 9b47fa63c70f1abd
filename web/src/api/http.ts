/** Requests to the server. Every answer is parsed by its wire schema; every failure is an ApiProblem. */
import type { ZodType } from 'zod'
import { ApiProblem, parseProblem, unreachable } from './problem.ts'

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, instead: a file, or a form with one. */
  readonly content?: Blob | FormData
  readonly signal?: AbortSignal | undefined
}

/** The parsed answer. Throws ApiProblem; an abort is thrown as it is. */
export async function request<T>(schema: ZodType<T>, url: string, options: RequestOptions = {}): Promise<T> {
  const text = await send(url, options)
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new ApiProblem(
    200,
    'not-understood',
    'The server answered in a way this page does not understand. Reload the page: it may be older than the server.',
    [],
    parsed.error,
  )
}

/** For answers without a body of interest. */
export async function command(url: string, options: RequestOptions = {}): Promise<void> {
  await send(url, { method: 'POST', ...options })
}

async function send(url: string, { method = 'GET', body, content, signal }: RequestOptions): Promise<string> {
  let response: Response
  try {
    response = await fetch(url, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(content === undefined ? {} : { body: content }),
      signal: signal ?? null,
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw unreachable(cause)
  }
  const text = await response.text()
  if (!response.ok) throw parseProblem(response.status, text)
  return text
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
