/** The OpenAPI 3.1 document, made from the routes themselves. */
import { STATUS_CODES } from 'node:http'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { problem } from './contract/problem.ts'
import type { RawContent, Route } from './route.ts'

export const API_BASE = '/api/v1'

const ABOUT = `Reprise records live broadcasts and makes replays of them.

**Signing in.** Programs send \`Authorization: Bearer rpt_…\` (see API tokens). Browsers use the session cookie that \`POST /api/auth/sign-in/email\` with \`{"email", "password"}\` sets; \`POST /api/auth/sign-out\` ends it.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`.

**Lists** are read in pages: send the \`nextCursor\` of a page as \`cursor\` to get the next; null is the end.`

export function makeOpenApiDocument(routes: readonly Route[], version: string) {
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) {
    const path = `${API_BASE}${route.path}`
    paths[path] = { ...paths[path], [route.method]: describeRoute(route) }
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Reprise', version, description: ABOUT, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'reprise.session_token' },
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'rpt_…' },
      },
    },
  })
}

function describeRoute(route: Route): ZodOpenApiOperationObject {
  const statuses = [
    ...(route.params || route.query || route.body ? [422] : []),
    ...(route.access === 'signed-in' ? [401] : []),
    ...(route.problems ?? []),
  ]
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security:
      route.access === 'signed-in' ? [{ session: [] }, { token: [] }] : [{}, { session: [] }, { token: [] }],
    ...((route.params || route.query) && {
      requestParams: {
        ...(route.params && { path: route.params }),
        ...(route.query && { query: route.query }),
      },
    }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: route.body } } },
    }),
    ...(route.rawBody && { requestBody: { required: true, ...describeContent(route.rawBody) } }),
    responses: {
      [String(route.status)]: route.rawReply
        ? describeContent(route.rawReply)
        : {
            description: STATUS_CODES[route.status] ?? '',
            ...(route.reply && { content: { 'application/json': { schema: route.reply } } }),
          },
      ...Object.fromEntries(
        statuses.map((status) => [
          String(status),
          {
            description: STATUS_CODES[status] ?? '',
            content: { 'application/problem+json': { schema: problem } },
          },
        ]),
      ),
      default: { description: 'A problem', content: { 'application/problem+json': { schema: problem } } },
    },
  }
}

function describeContent({ type, schema, description }: RawContent) {
  return { description, content: { [type]: { schema } } }
}

/** get /videos/{id}/jobs → getVideosJobs; with the id last, getVideosById. */
function operationId({ method, path }: Route): string {
  const words = path
    .split('/')
    .filter(Boolean)
    .flatMap((part, i, parts) =>
      part.startsWith('{')
        ? i === parts.length - 1
          ? ['by', part.slice(1, -1)]
          : []
        : part.split(/[^a-z]+/),
    )
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
