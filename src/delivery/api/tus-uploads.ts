/**
 * /uploads/tus: resumable uploads by the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload),
 * spoken by @tus/server. What is half there lies in uploads/tus/ and is forgotten after a day.
 */

import { mkdir, rename } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { FileStore } from '@tus/file-store'
import { Server, type ServerOptions } from '@tus/server'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { AppError, type ErrorCode } from '../../kernel/errors.ts'
import type { UserId } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import { demand } from '../../library/demand-permission.ts'
import type { Asker } from '../../library/permissions.ts'
import { video } from '../contract/videos.ts'
import { API_BASE } from '../openapi.ts'
import { type ProblemAnswer, parseInput, toProblem } from '../problem.ts'
import { type Method, type Route, rawRoute } from '../route.ts'
import { finishUpload, type UploadRoutesOptions, uploadFields } from './uploads.ts'

const EXPIRES_AFTER_MS = 24 * 3600_000
const SWEEP_EVERY_MS = 3600_000
/** A probe of a hostile file must end. */
const FINISH_TIMEOUT_MS = 120_000

type HookRequest = Parameters<NonNullable<ServerOptions['onUploadFinish']>>[0]
type TusUpload = Parameters<NonNullable<ServerOptions['onUploadFinish']>>[1]

export interface TusUploads extends AsyncDisposable {
  readonly routes: readonly Route[]
  /** At start: an upload that was whole when the program was killed becomes its video; expired ones go. */
  recover(): Promise<void>
}

/** `uploadsDir`: absolute. */
export function makeTusUploads(
  options: UploadRoutesOptions & { readonly uploadsDir: string; readonly log: Logger },
): TusUploads {
  const { uploads, uploadsDir, log } = options
  const store = new FileStore({
    directory: path.join(uploadsDir, 'tus'),
    expirationPeriodInMilliseconds: EXPIRES_AFTER_MS,
  })
  const askers = new WeakMap<IncomingMessage, Asker>()
  const askerOf = (req: HookRequest): Asker => {
    const asker = req.runtime?.node?.req && askers.get(req.runtime.node.req as IncomingMessage)
    if (!asker) throw new Error('a tus request came past its route')
    return asker
  }
  const server = new Server({
    path: `${API_BASE}/uploads/tus`,
    datastore: store,
    relativeLocation: true,
    maxSize: uploads.maxUploadBytes,
    // Same origin only, like everything that changes something.
    allowedOrigins: () => false,
    async onUploadCreate(req, upload) {
      const asker = askerOf(req)
      const { filename = '', ...fields } = upload.metadata ?? {}
      const parsed = parseInput(uploadFields, withoutNull(fields), 'upload metadata')
      return { metadata: { ...parsed, filename, owner: asker.kind === 'person' ? asker.userId : '' } }
    },
    async onUploadFinish(req, upload) {
      const headers = { 'content-type': 'application/json' }
      try {
        return { status_code: 200, headers, body: JSON.stringify(await finish(askerOf(req), upload)) }
      } catch (error) {
        const problem = toProblem(error)
        if (problem.status >= 500) log.error({ err: error }, 'resumable upload could not be finished')
        return {
          status_code: problem.status,
          headers: { 'content-type': 'application/problem+json' },
          body: JSON.stringify(problem.body),
        }
      }
    },
    onResponseError(req, error) {
      const problem =
        'status_code' in error ? protocolProblem(error.status_code, error.body) : toProblem(error)
      const res = req.runtime?.node?.res as ServerResponse | undefined
      if (res) answerAsProblem(res)
      return { status_code: problem.status, body: JSON.stringify(problem.body) }
    },
  })

  async function finish(asker: Asker, upload: TusUpload) {
    const { filename, ...fields } = withoutNull(upload.metadata ?? {})
    const fileName = filename ?? ''
    const arriving = await uploads.begin(fileName)
    await rename(path.join(store.directory, upload.id), arriving.file)
    await store.configstore.delete(upload.id)
    const details = { ...parseInput(uploadFields, fields, 'upload metadata'), fileName }
    return finishUpload(options, asker, arriving, details, AbortSignal.timeout(FINISH_TIMEOUT_MS))
  }

  async function serve(req: Request, res: Response, asker: Asker): Promise<void> {
    demand(asker, 'create', null)
    const { id } = req.params as { id?: string }
    if (id !== undefined) await checkOwner(asker, id)
    if (req.method === 'POST' && asker.kind === 'person') {
      const arrivingBytes = await arrivingOf(asker.userId)
      await uploads.checkRoom(Number(req.headers['upload-length'] ?? 0) || 0, {
        userId: asker.userId,
        arrivingBytes,
      })
    }
    if (req.method === 'PATCH') await uploads.checkRoom(Number(req.headers['content-length'] ?? 0) || 0)
    askers.set(req, asker)
    await server.handle(req, res)
  }

  /** What else of theirs has begun: all of it will want room. Bytes. */
  async function arrivingOf(userId: UserId): Promise<number> {
    let bytes = 0
    for (const id of (await store.configstore.list?.()) ?? []) {
      const upload = await store.configstore.get(id)
      if (upload?.metadata?.owner === userId) bytes += upload.size ?? 0
    }
    return bytes
  }

  /** Whose upload it is nobody else learns. What is unknown tus itself answers. */
  async function checkOwner(asker: Asker, id: string): Promise<void> {
    if (!/^[0-9a-f]{32}$/.test(id)) throw new AppError('not-found', 'There is no such upload.')
    const found = await store.configstore.get(id)
    if (found && (asker.kind !== 'person' || found.metadata?.owner !== asker.userId)) {
      throw new AppError('not-found', 'There is no such upload.')
    }
  }

  async function sweep(): Promise<void> {
    await server
      .cleanUpExpiredUploads()
      .catch((error: unknown) => log.warn({ err: error }, 'expired uploads could not be removed'))
  }

  async function recover(): Promise<void> {
    await mkdir(store.directory, { recursive: true })
    for (const id of (await store.configstore.list?.()) ?? []) {
      try {
        const upload = await store.getUpload(id)
        if (upload.size === undefined || upload.offset < upload.size) continue
        const owner = await options.directory.find((upload.metadata?.owner ?? '') as UserId)
        if (owner) await finish({ kind: 'person', userId: owner.id, role: owner.role }, upload)
      } catch (error) {
        log.warn({ err: error, id }, 'resumable upload could not be completed')
      }
    }
    await sweep()
  }

  const sweeping = setInterval(() => void sweep(), SWEEP_EVERY_MS)
  sweeping.unref()
  return {
    routes: describe(serve),
    recover,
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping)
    },
  }
}

function describe(serve: Route['serve']): readonly Route[] {
  const one = z.object({ id: z.string() })
  const route = (
    method: Method,
    status: number,
    summary: string,
    params?: z.ZodObject,
    reply?: z.ZodType,
  ): Route =>
    rawRoute({
      method,
      path: params ? '/uploads/tus/{id}' : '/uploads/tus',
      tag: 'Uploads',
      summary,
      description: 'The tus protocol 1.0.0: use a tus client.',
      access: 'signed-in',
      ...(params && { params }),
      status,
      ...(reply && { reply }),
      problems: [403, 404, 413, 507],
      serve,
    })
  return [
    route('post', 201, 'Begin a resumable upload (Upload-Metadata: filename, title, visibility)'),
    route('head', 200, 'How much of it is there', one),
    route('patch', 200, 'Send more of it; the answer to the last part is the video', one, video),
    route('delete', 204, 'Give it up', one),
  ]
}

/** The library answers errors as plain text, whatever is set before. */
function answerAsProblem(res: ServerResponse): void {
  const writeHead = res.writeHead.bind(res)
  res.writeHead = (status: number) =>
    writeHead(status, {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'tus-resumable': '1.0.0',
    })
}

/** What the protocol itself objects to keeps its status: clients go by it. */
function protocolProblem(status: number, said: string): Pick<ProblemAnswer, 'status' | 'body'> {
  const code: ErrorCode =
    status === 404
      ? 'not-found'
      : status === 410
        ? 'gone'
        : status === 413
          ? 'too-large'
          : status === 409 || status === 423
            ? 'conflict'
            : status >= 500
              ? 'internal'
              : 'bad-request'
  const { body } = toProblem(new AppError(code, said.trim() || 'The upload could not go on.'))
  return { status, body: { ...body, status } }
}

function withoutNull(metadata: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  )
}
