/**
 * The whole recording of a broadcast as one FLV: parts one after the other, decoder configurations
 * where they change, timestamps made one clock by the same repair as the timeline's. While the
 * broadcast goes on it grows, and ends with it.
 */
import { Readable } from 'node:stream'
import { encodeFileHeader } from '../formats/flv/file-header.ts'
import { readMetadata } from '../formats/flv/script-data.ts'
import { readStanding } from '../formats/flv/standing-message.ts'
import {
  encodeTagHeader,
  encodeTagTrailer,
  SCRIPT_TAG,
  TAG_HEADER_BYTES,
  TAG_OVERHEAD_BYTES,
  VIDEO_TAG,
} from '../formats/flv/tag-header.ts'
import type { LogParts } from './broadcast-log.ts'
import { type LogTag, readLog } from './log-reader.ts'
import { isContinuedMark } from './part-head.ts'
import { CLOCK_AT_ZERO, type ClockState, mapTimestamp, startSession } from './timestamp-repair.ts'

/** Reads no faster than it is read from. `signal` ends it with an error. */
export function wholeRecording(log: LogParts, signal?: AbortSignal): Readable {
  return Readable.from(chunks(log, signal), { objectMode: false, highWaterMark: 1024 * 1024 })
}

async function* chunks(log: LogParts, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void> {
  yield encodeFileHeader()
  const joint = new Joint()
  for (let part = await log.nextPart(0, signal); part; part = await log.nextPart(part.part + 1, signal)) {
    const options = { ...(part.growth ? { growth: part.growth } : {}), ...(signal ? { signal } : {}) }
    let first = true
    for await (const tags of readLog(part.file, options)) {
      if (first && tags[0] && !isContinuedMark(tags[0].body)) joint.startSession()
      first = false
      const joined = joint.join(tags)
      if (joined.length > 0) yield joined
    }
  }
}

class Joint {
  #clock: ClockState = CLOCK_AT_ZERO
  /** The next audio or video tag decides where the session begins. */
  #starting = false
  readonly #headers = new Map<string, Buffer>()

  startSession(): void {
    this.#starting = true
  }

  join(tags: readonly LogTag[]): Buffer {
    const kept = tags.flatMap((tag) => {
      const header = headerKey(tag)
      if (header && this.#isRepeated(header, tag)) return []
      if (tag.type === SCRIPT_TAG && (isContinuedMark(tag.body) || !header)) {
        // Cue points and the like keep their place among the rest.
        return isContinuedMark(tag.body) ? [] : [{ tag, timestampMs: this.#now() }]
      }
      return [{ tag, timestampMs: header ? this.#now() : this.#map(tag) }]
    })
    const bytes = kept.reduce((sum, { tag }) => sum + tag.body.byteLength + TAG_OVERHEAD_BYTES, 0)
    const out = Buffer.allocUnsafeSlow(bytes)
    let at = 0
    for (const { tag, timestampMs } of kept) {
      const { byteLength } = tag.body
      encodeTagHeader(out, at, tag.type, byteLength, timestampMs)
      out.set(tag.body, at + TAG_HEADER_BYTES)
      encodeTagTrailer(out, at + TAG_HEADER_BYTES + byteLength, byteLength)
      at += byteLength + TAG_OVERHEAD_BYTES
    }
    return out
  }

  #map(tag: LogTag): number {
    if (this.#starting) {
      this.#clock = startSession(this.#clock, tag.timestampMs)
      this.#starting = false
    }
    const [clock, at] = mapTimestamp(this.#clock, tag.type === VIDEO_TAG ? 'video' : 'audio', tag.timestampMs)
    this.#clock = clock
    return Math.max(0, at) >>> 0
  }

  #now(): number {
    const { audio, video, end } = this.#clock
    return audio || video ? Math.max(0, audio?.out ?? 0, video?.out ?? 0) : end
  }

  #isRepeated(key: string, tag: LogTag): boolean {
    const before = this.#headers.get(key)
    if (before?.equals(tag.body)) return true
    this.#headers.set(key, Buffer.from(tag.body))
    return false
  }
}

/** Of what holds until another comes: each part begins with it again. */
function headerKey(tag: LogTag): string | undefined {
  if (tag.type === SCRIPT_TAG) return readMetadata(tag.body) && 'metadata'
  return readStanding(tag.type, tag.body)?.key
}
