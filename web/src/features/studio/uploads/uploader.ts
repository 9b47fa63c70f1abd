/** Sends files by Uppy: in one request when small, resumable (tus) when a broken connection would hurt. */
import Uppy, { type UppyFile } from '@uppy/core'
import Tus from '@uppy/tus'
import XHRUpload from '@uppy/xhr-upload'
import {
  type Video,
  type Visibility,
  video as videoSchema,
} from '../../../../../src/delivery/contract/videos.ts'
import { parseProblem, unreachable, wordsFor } from '../../../api/problem.ts'
import { api } from '../../../paths/paths.ts'

const RESUMABLE_FROM_BYTES = 100_000_000
const AT_ONCE = 2

interface UploadMeta {
  readonly title: string
  readonly visibility: Visibility
}

type Meta = { uploadId: string; title: string; visibility: string }
type Body = Record<string, never>

export interface UploaderEvents {
  onProgress(id: string, bytes: number): void
  onFailure(id: string, reason: string): void
  /** Undefined: the server did not say which video came of it. */
  onDone(id: string, video: Video | undefined): void
}

export interface Uploader {
  start(id: string, file: File, meta: UploadMeta): void
  retry(id: string, meta: UploadMeta): void
  cancel(id: string): void
}

export function makeUploader(events: UploaderEvents): Uploader {
  const whole = listen(new Uppy<Meta, Body>({ autoProceed: true, allowMultipleUploadBatches: true }), events)
  whole.use(XHRUpload, {
    endpoint: api.uploads,
    fieldName: 'file',
    // In this order, before the file: the server reads them first.
    allowedMetaFields: ['title', 'visibility'],
    limit: AT_ONCE,
    // The server may look at the file for a while after its last byte.
    timeout: 0,
    headers: { accept: 'application/json' },
    shouldRetry: (xhr) => xhr.status === 0 || xhr.status >= 502,
  })
  const resumable = listen(
    new Uppy<Meta, Body>({ autoProceed: true, allowMultipleUploadBatches: true }),
    events,
  )
  resumable.use(Tus, {
    endpoint: api.resumableUploads,
    allowedMetaFields: ['title', 'visibility', 'name', 'type'],
    limit: AT_ONCE,
    retryDelays: [500, 1_000, 3_000, 5_000, 10_000, 20_000, 30_000, 30_000],
    removeFingerprintOnSuccess: true,
  })
  /** Uppy's own ids are made of the file's name and size. */
  const files = new Map<string, { uppy: Uppy<Meta, Body>; fileId: string }>()

  return {
    start(id, file, meta) {
      const uppy = file.size >= RESUMABLE_FROM_BYTES ? resumable : whole
      try {
        const fileId = uppy.addFile({
          name: file.name,
          type: file.type,
          data: file,
          meta: { uploadId: id, ...meta },
        })
        files.set(id, { uppy, fileId })
      } catch {
        events.onFailure(id, 'This file is being uploaded already.')
      }
    },
    retry(id, meta) {
      const known = files.get(id)
      if (known === undefined) return
      known.uppy.setFileMeta(known.fileId, { uploadId: id, ...meta })
      void known.uppy.retryUpload(known.fileId)
    },
    cancel(id) {
      const known = files.get(id)
      files.delete(id)
      if (known?.uppy.getFile(known.fileId)) known.uppy.removeFile(known.fileId)
    },
  }
}

function listen(uppy: Uppy<Meta, Body>, events: UploaderEvents): Uppy<Meta, Body> {
  const idOf = (file: UppyFile<Meta, Body> | undefined) => file?.meta.uploadId
  uppy.on('upload-progress', (file, progress) => {
    const id = idOf(file)
    if (id !== undefined) events.onProgress(id, progress.bytesUploaded || 0)
  })
  uppy.on('upload-success', (file, response) => {
    const id = idOf(file)
    if (id !== undefined) events.onDone(id, videoOf(response.body))
  })
  // So that the same file can be chosen again. Not earlier: tus would take it for a cancelled upload, and delete it.
  uppy.on('complete', ({ successful }) => {
    for (const { id } of successful ?? []) if (uppy.getFile(id)) uppy.removeFile(id)
  })
  uppy.on('upload-error', (file, error, response) => {
    const id = idOf(file)
    if (id !== undefined) events.onFailure(id, reasonOf(error, response))
  })
  return uppy
}

/** The video in the answer: JSON for a whole upload, the last request for a resumable one. */
function videoOf(body: unknown): Video | undefined {
  const direct = videoSchema.safeParse(body)
  if (direct.success) return direct.data
  const xhr = (body as { xhr?: unknown } | undefined)?.xhr
  if (!(xhr instanceof XMLHttpRequest)) return undefined
  try {
    return videoSchema.safeParse(JSON.parse(xhr.responseText)).data
  } catch {
    return undefined
  }
}

interface TusAnswer {
  readonly originalResponse?: { getStatus(): number; getBody(): string } | null
}

/** The server's own words where it gave any. */
function reasonOf(error: unknown, response: unknown): string {
  const answer = (error as TusAnswer).originalResponse
  if (answer) return wordsFor(parseProblem(answer.getStatus(), answer.getBody()))
  if (response instanceof XMLHttpRequest && response.status > 0)
    return wordsFor(parseProblem(response.status, response.responseText))
  return wordsFor(unreachable(error))
}
