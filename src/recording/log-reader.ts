/**
 * Reads the tags of one part, finished or still growing, in bounded memory: a buffer for each read,
 * of which the tags are views. A cut or damaged tag ends a finished part: nothing after it can be trusted.
 */
import { open } from 'node:fs/promises'
import { readFileHeader } from '../formats/flv/file-header.ts'
import {
  isTagTrailer,
  readTagHeader,
  TAG_HEADER_BYTES,
  TAG_OVERHEAD_BYTES,
  TAG_TRAILER_BYTES,
} from '../formats/flv/tag-header.ts'
import type { GrowingLog } from './log-growth.ts'

/** One tag. `body` stays valid as long as the buffer it was read into is not used again. */
export interface LogTag {
  readonly type: number
  readonly timestampMs: number
  readonly body: Uint8Array
  /** Of its header in the part, and of what follows it. Bytes. */
  readonly offset: number
  readonly end: number
}

export interface ReadLogOptions {
  /** The part is being written; without it, it is read to the end of the file. */
  readonly growth?: GrowingLog
  /** Where a tag begins; 0 or nothing: the first. */
  readonly from?: number
  readonly signal?: AbortSignal
  /**
   * Of a part that grows: true while nothing but whole groups of pictures are of use, so that it is read less
   * often; false when a little more than what was read may be enough. Asked before waiting.
   */
  readonly groups?: () => boolean
  /** Of a file that others wrote: the size after each tag may be wrong. */
  readonly foreign?: boolean
  /** Where to read into: at least so many bytes. Without it, each read has a buffer of its own. */
  readonly takeBuffer?: (bytes: number) => Buffer
  /** How to read files; usually as everybody does, without anybody waiting. */
  readonly openFile?: (file: string) => Promise<ReadableFile>
}

/** As much of a FileHandle as is needed. */
export interface ReadableFile extends AsyncDisposable {
  read(into: Buffer, at: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
  stat(): Promise<{ readonly size: number }>
}

const READ_BYTES = 256 * 1024
const NO_BYTES = Buffer.alloc(0)

/** Yields tags in batches, as they are read. Throws MalformedError when it is no FLV at all. */
export async function* readLog(file: string, options: ReadLogOptions = {}): AsyncGenerator<LogTag[], void> {
  const { growth, signal, takeBuffer = Buffer.allocUnsafeSlow } = options
  let at = options.from ?? 0
  if (growth) await growth.beyond(at, signal)
  // The file of a part that could not even be created.
  if (growth?.ended && growth.bytes === 0) return
  await using handle = await (options.openFile ?? open)(file)
  let wanted = READ_BYTES
  for (;;) {
    signal?.throwIfAborted()
    // Asked before the size: what was there when it ended is all there is.
    const complete = growth?.ended ?? true
    const available = growth ? growth.bytes : (await handle.stat()).size
    const length = Math.min(wanted, available - at)
    const bytes = length > 0 ? takeBuffer(length) : NO_BYTES
    const { bytesRead } = length > 0 ? await handle.read(bytes, 0, length, at) : { bytesRead: 0 }
    const { tags, used, needed, damaged } = parseTags(
      bytes.subarray(0, bytesRead),
      at,
      options.foreign === true,
    )
    if (tags.length > 0) yield tags
    at += used
    if (damaged) return
    if (used > 0) wanted = READ_BYTES
    // A tag larger than the buffer is read again, whole.
    else if (needed > wanted && available - at >= needed) wanted = needed
    else if (complete || bytesRead < length) return
    else if (options.groups?.()) await growth?.beyondGroup(available, signal)
    else await growth?.beyond(available, signal)
  }
}

interface Parsed {
  readonly tags: LogTag[]
  readonly used: number
  /** Bytes that the first unfinished tag takes. */
  readonly needed: number
  readonly damaged: boolean
}

function parseTags(bytes: Uint8Array, at: number, foreign: boolean): Parsed {
  const tags: LogTag[] = []
  let used = 0
  if (at === 0) {
    const header = readFileHeader(bytes)
    if (!header) return { tags, used, needed: TAG_HEADER_BYTES, damaged: false }
    used = header.byteLength
  }
  for (;;) {
    let header: ReturnType<typeof readTagHeader>
    try {
      header = readTagHeader(bytes, used)
    } catch {
      return { tags, used, needed: 0, damaged: true }
    }
    const size = header ? header.bodyBytes + TAG_OVERHEAD_BYTES : TAG_HEADER_BYTES
    if (!header || used + size > bytes.byteLength) return { tags, used, needed: size, damaged: false }
    // A block lost in a power failure reads as zeros: the header may be right where the body is not.
    if (!foreign && !isTagTrailer(bytes, used + size - TAG_TRAILER_BYTES, header.bodyBytes)) {
      return { tags, used, needed: 0, damaged: true }
    }
    tags.push({
      type: header.type,
      timestampMs: header.timestampMs,
      body: bytes.subarray(used + TAG_HEADER_BYTES, used + TAG_HEADER_BYTES + header.bodyBytes),
      offset: at + used,
      end: at + used + size,
    })
    used += size
  }
}
