/**
 * Keyset cursors: where the last page ended, as the sort value and the id of its last video. A new
 * video in front moves nothing on the later pages, and page 1,000 costs what page 1 costs.
 * Opaque to clients: base64url of JSON `[sort, value, id]`.
 */
import { z } from 'zod'
import { AppError } from '../kernel/errors.ts'

export const VIDEO_SORTS = ['newest', 'oldest', 'title', 'longest'] as const
export type VideoSort = (typeof VIDEO_SORTS)[number]

/** `value`: ISO time, title, or seconds (-1 while unknown). */
export interface VideoCursor {
  readonly sort: VideoSort
  readonly value: string | number
  readonly id: string
}

const time = z.iso.datetime()
const id = z.string().min(1).max(64)
const wire = z.union([
  z.tuple([z.enum(['newest', 'oldest']), time, id]),
  z.tuple([z.literal('title'), z.string().max(400), id]),
  z.tuple([z.literal('longest'), z.number(), id]),
])

export function encodeVideoCursor(cursor: VideoCursor): string {
  return Buffer.from(JSON.stringify([cursor.sort, cursor.value, cursor.id])).toString('base64url')
}

/** Throws AppError `bad-request` on what we did not make, or made for another order. */
export function parseVideoCursor(text: string, sort: VideoSort): VideoCursor {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch (cause) {
    throw unreadable(cause)
  }
  const parsed = wire.safeParse(json)
  if (!parsed.success || parsed.data[0] !== sort) throw unreadable(parsed.error)
  const [, value, videoId] = parsed.data
  return { sort, value, id: videoId }
}

function unreadable(cause: unknown): AppError {
  return new AppError(
    'bad-request',
    'The cursor does not belong to this list: begin again without one, and keep `sort` the same.',
    { cause },
  )
}
