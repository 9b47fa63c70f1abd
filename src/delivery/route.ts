/**
 * A route of the API, as data: what validates a request also documents it (openapi.ts), so that no route
 * exists undocumented and no document lies.
 */
import type { Request, Response, Router } from 'express'
import { z } from 'zod'
import { demandSignIn } from '../library/demand-permission.ts'
import type { Asker } from '../library/permissions.ts'
import type { AskerOf } from './auth/asker.ts'
import { parseInput } from './problem.ts'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head'

/** `anyone` may ask without being signed in; what they get depends on permissions.ts. */
export type Access = 'anyone' | 'signed-in'

interface RouteWords {
  readonly method: Method
  /** As in OpenAPI, below /api/v1: "/videos/{id}". */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly access: Access
  /** Problem statuses worth naming beside 400, 401, 422 and 500. */
  readonly problems?: readonly number[]
}

/** What is sent that is not our JSON. */
export interface RawContent {
  readonly type: string
  readonly schema: z.ZodType | { readonly type: 'string'; readonly format?: 'binary' }
  readonly description: string
}

export interface Route extends RouteWords {
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly rawBody?: RawContent
  readonly status: number
  readonly reply?: z.ZodType
  readonly rawReply?: RawContent
  serve(req: Request, res: Response, asker: Asker): Promise<void>
}

type In<S extends z.ZodType | undefined> = S extends z.ZodType ? z.output<S> : undefined
type PersonOr<A extends Access> = A extends 'signed-in' ? Extract<Asker, { kind: 'person' }> : Asker

/** JSON in, JSON out. `handle` answers the reply's value; without `reply`, nothing (204). */
export function jsonRoute<
  A extends Access,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(
  route: RouteWords & {
    readonly access: A
    readonly params?: P
    readonly query?: Q
    readonly body?: B
    readonly reply?: R
    readonly status?: number
    handle(input: {
      readonly asker: PersonOr<A>
      readonly params: In<P>
      readonly query: In<Q>
      readonly body: In<B>
    }): Promise<R extends z.ZodType ? z.input<R> : void>
  },
): Route {
  const { handle, params, query, body, reply, ...words } = route
  const status = route.status ?? (reply ? 200 : 204)
  return {
    ...words,
    status,
    ...(params && { params }),
    ...(query && { query }),
    ...(body && { body }),
    ...(reply && { reply }),
    async serve(req, res, asker) {
      const answer = await handle({
        asker: asker as PersonOr<A>,
        params: (params && parseInput(params, req.params, 'address')) as In<P>,
        query: (query && parseInput(query, req.query, 'query')) as In<Q>,
        body: (body && parseInput(body, req.body ?? {}, 'request body')) as In<B>,
      })
      res.status(status).set('cache-control', 'no-store')
      if (reply === undefined) res.end()
      else res.json(answer)
    },
  }
}

/** A route that reads or writes something other than JSON by itself. */
export function rawRoute(route: Route): Route {
  return route
}

export function mountRoutes(router: Router, routes: readonly Route[], askerOf: AskerOf): void {
  for (const route of routes) {
    router[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), async (req, res) => {
      const asker = await askerOf(req.headers)
      if (route.access === 'signed-in') demandSignIn(asker)
      await route.serve(req, res, asker)
    })
  }
}

/** Aborted when the client goes away before the answer is whole. */
export function signalOf(res: Response): AbortSignal {
  const controller = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) controller.abort()
  })
  return controller.signal
}

export const idParams = z.object({ id: z.string().min(1).max(64) })
