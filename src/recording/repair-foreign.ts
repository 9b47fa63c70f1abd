/**
 * Recordings that other servers left behind, read through to their end and written out whole.
 *
 *     whole tags | half a tag | whole tags | half a tag        a disk that was full for a while, then a crash
 *     whole tags | half a tag | tags of an older recording     a file opened again without emptying it
 *
 * After damage the next whole tag is looked for, and what follows is taken when its clock goes on from
 * there; when it does not, it is another recording's, and ends this one. A tag is believed whose type,
 * stream id and trailing size agree. Foreign trailing sizes may be wrong: while tags follow each other
 * they are not needed.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { readAudioTag } from '../formats/flv/audio-tag.ts'
import { encodeFileHeader, readFileHeader } from '../formats/flv/file-header.ts'
import {
  AUDIO_TAG,
  encodeTagTrailer,
  isTagTrailer,
  readTagHeader,
  SCRIPT_TAG,
  TAG_HEADER_BYTES,
  TAG_OVERHEAD_BYTES,
  TAG_TRAILER_BYTES,
  type TagHeader,
  VIDEO_TAG,
} from '../formats/flv/tag-header.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import { ByteWindow } from './byte-window.ts'
import { difference } from './timestamp-repair.ts'

export interface RecordingCut {
  /** `end`: half a tag, or what is none. `middle`: the same with more of the recording after it. `older`: another recording's rest. */
  readonly kind: 'end' | 'middle' | 'older'
  /** Offset in the file, and how much was left out. */
  readonly at: number
  readonly bytes: number
  /** Of the clock, milliseconds, as far as it can be told; 0 for an older recording's rest. */
  readonly lostMs: number
}

export interface ForeignRecording {
  readonly cuts: readonly RecordingCut[]
  /** Pictures and sounds, configurations apart. */
  readonly pictures: number
  readonly sounds: number
  /** True: the file is as it should be, and writing it out again would change nothing that matters. */
  readonly whole: boolean
}

export interface ReadForeignOptions {
  /** The server that wrote it opens files again without emptying them: what follows damage is never this recording's. */
  readonly reopened?: boolean
  readonly signal?: AbortSignal
}

/** A pause longer than this after damage, or a step back, is another recording. */
const MAX_PAUSE_MS = 60_000
/** What is lost with half a tag whose end nobody knows: a picture, or a sound. */
const NOMINAL_MS = { [VIDEO_TAG]: 33, [AUDIO_TAG]: 22, [SCRIPT_TAG]: 0 } as Record<number, number>

/** Reads all of `file`; tags go to `write` as they are, their trailing size set right. Throws MalformedError when it is no FLV. */
export async function readForeignRecording(
  file: string,
  write: (bytes: Uint8Array) => Promise<void>,
  options: ReadForeignOptions = {},
): Promise<ForeignRecording> {
  await using handle = await open(file, 'r')
  const reader = new ForeignReader(handle, (await handle.stat()).size, options)
  return await reader.read(write)
}

/** Writes the whole tags of `from` to the new file `to`. */
export async function repairForeignRecording(
  from: string,
  to: string,
  options: ReadForeignOptions = {},
): Promise<ForeignRecording> {
  await using out = await open(to, 'wx')
  return await readForeignRecording(from, async (bytes) => void (await writeAll(out, bytes)), options)
}

async function writeAll(out: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await out.write(bytes, at)).bytesWritten
}

class ForeignReader {
  readonly #window: ByteWindow
  readonly #size: number
  readonly #options: ReadForeignOptions
  readonly #cuts: RecordingCut[] = []
  #pictures = 0
  #sounds = 0
  #lastMs: number | undefined
  #trailersRight = true

  constructor(handle: FileHandle, size: number, options: ReadForeignOptions) {
    this.#window = new ByteWindow(handle, size)
    this.#size = size
    this.#options = options
  }

  async read(write: (bytes: Uint8Array) => Promise<void>): Promise<ForeignRecording> {
    const head = await this.#window.at(0, Math.min(this.#size, 16))
    const header = readFileHeader(head)
    let at = header?.byteLength ?? this.#size
    if (header) await write(encodeFileHeader())
    while (at < this.#size) {
      this.#options.signal?.throwIfAborted()
      const tag = await this.#tagAt(at)
      if (!tag) {
        const next = await this.#skipDamage(at)
        if (next === undefined) break
        at = next
        continue
      }
      const bytes = Buffer.alloc(tag.bodyBytes + TAG_OVERHEAD_BYTES)
      bytes.set(await this.#window.at(at, bytes.byteLength))
      this.#note(tag, bytes)
      encodeTagTrailer(bytes, TAG_HEADER_BYTES + tag.bodyBytes, tag.bodyBytes)
      await write(bytes)
      at += bytes.byteLength
    }
    return {
      cuts: this.#cuts,
      pictures: this.#pictures,
      sounds: this.#sounds,
      whole: header !== undefined && this.#cuts.length === 0 && this.#trailersRight,
    }
  }

  /** The tag that begins here, if it is whole. */
  async #tagAt(at: number): Promise<TagHeader | undefined> {
    const header = headerIn(await this.#window.at(at, TAG_HEADER_BYTES))
    if (!header) return undefined
    const end = at + header.bodyBytes + TAG_OVERHEAD_BYTES
    if (end - TAG_TRAILER_BYTES > this.#size) return undefined
    const trailer = await this.#window.at(end - TAG_TRAILER_BYTES, TAG_TRAILER_BYTES)
    const isCut = trailer.byteLength < TAG_TRAILER_BYTES
    if (!isCut && isTagTrailer(trailer, 0, header.bodyBytes)) return header
    // A wrong size, if it is followed by a tag; half a tag, if not.
    const follows = end >= this.#size || headerIn(await this.#window.at(end, TAG_HEADER_BYTES)) !== undefined
    if (follows) this.#trailersRight = false
    return follows ? header : undefined
  }

  /** Where the recording goes on after damage at `at`; undefined: nowhere. */
  async #skipDamage(at: number): Promise<number | undefined> {
    const half = headerIn(await this.#window.at(at, TAG_HEADER_BYTES))
    const found = await this.#nextWholeTag(at + 1)
    const before = this.#lastMs
    const step = found && before !== undefined ? difference(found.tag.timestampMs, before) : 0
    const goesOn = found && !this.#options.reopened && step >= 0 && step <= MAX_PAUSE_MS
    if (goesOn) {
      this.#cuts.push({ kind: 'middle', at, bytes: found.at - at, lostMs: step })
      return found.at
    }
    const halfStep = half && before !== undefined ? difference(half.timestampMs, before) : -1
    const nominal = half ? (NOMINAL_MS[half.type] ?? 0) : 0
    const lostMs = halfStep >= 0 && halfStep <= MAX_PAUSE_MS ? Math.max(halfStep, nominal) : nominal
    this.#cuts.push({
      kind: found ? 'older' : 'end',
      at,
      bytes: this.#size - at,
      lostMs: found ? 0 : lostMs,
    })
    return undefined
  }

  /** The first place from `from` on where a tag with body and right trailing size lies. */
  async #nextWholeTag(from: number): Promise<{ readonly at: number; readonly tag: TagHeader } | undefined> {
    for (let at = from; at + TAG_OVERHEAD_BYTES < this.#size; ) {
      this.#options.signal?.throwIfAborted()
      const bytes = await this.#window.ahead(at)
      const places = bytes.byteLength - TAG_HEADER_BYTES
      for (let i = 0; i < places; i++) {
        const tag = mayBegin(bytes, i) ? headerIn(bytes.subarray(i, i + TAG_HEADER_BYTES)) : undefined
        if (tag && tag.bodyBytes > 1 && (await this.#isConfirmed(at + i, tag))) return { at: at + i, tag }
      }
      at += Math.max(1, places)
    }
    return undefined
  }

  async #isConfirmed(at: number, tag: TagHeader): Promise<boolean> {
    const trailer = await this.#window.at(at + TAG_HEADER_BYTES + tag.bodyBytes, TAG_TRAILER_BYTES)
    return trailer.byteLength === TAG_TRAILER_BYTES && isTagTrailer(trailer, 0, tag.bodyBytes)
  }

  #note(tag: TagHeader, bytes: Uint8Array): void {
    const body = bytes.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + tag.bodyBytes)
    if (tag.type === VIDEO_TAG && readVideoTag(body)?.packet === 'frame') this.#pictures += 1
    else if (tag.type === AUDIO_TAG && readAudioTag(body)?.packet === 'frame') this.#sounds += 1
    if (tag.type !== SCRIPT_TAG) this.#lastMs = tag.timestampMs
  }
}

function headerIn(bytes: Uint8Array): TagHeader | undefined {
  try {
    return readTagHeader(bytes, 0)
  } catch {
    return undefined
  }
}

/** Of nearly every byte it can be said at once that no tag begins there. */
function mayBegin(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]
  return (type === VIDEO_TAG || type === AUDIO_TAG || type === SCRIPT_TAG) && bytes[at + 10] === 0
}
