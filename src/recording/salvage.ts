/**
 * Repairs a part that a crash left open: cuts it after its last whole tag and rebuilds the keyframe
 * index. What is whole is never touched. Doing it twice changes nothing, and neither does being killed
 * in the middle: the cut is one call, and the index is made aside.
 *
 * After a power loss the file may have its length and not its content: what was not synced reads as
 * zeros, a page at a time. A tag that lost its beginning or end shows that by itself; one that lost a
 * page from its middle is known by zeros that its codec cannot hold.
 */
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { readAudioTag } from '../formats/flv/audio-tag.ts'
import { AUDIO_TAG, TAG_HEADER_BYTES, VIDEO_TAG } from '../formats/flv/tag-header.ts'
import { readVideoTag } from '../formats/flv/video-tag.ts'
import { isDiskFull } from '../kernel/errors.ts'
import { encodeIndexRecord, type IndexRecord } from './keyframe-index.ts'
import { type LogTag, readLog } from './log-reader.ts'
import { CLOCK_AT_ZERO, type ClockState, mapTimestamp } from './timestamp-repair.ts'

export interface SalvagedPart {
  /** Bytes of the file now. */
  readonly bytes: number
  readonly durationSeconds: number
  readonly cutBytes: number
  /** Audio and video tags; 0: nothing was recorded. */
  readonly mediaTags: number
}

/** `signal` gives up between reads, having changed nothing. Rejects when the file cannot be read or written. */
export async function salvagePart(
  file: string,
  indexFile: string,
  signal?: AbortSignal,
): Promise<SalvagedPart> {
  const scan = await scanPart(file, signal)
  await using handle = await open(file, 'r+')
  const { size } = await handle.stat()
  if (scan.bytes < size) {
    await handle.truncate(scan.bytes)
    await handle.sync()
  }
  await rebuildIndex(indexFile, scan.keyframes)
  const { bytes, durationSeconds, mediaTags } = scan
  return { bytes, durationSeconds, mediaTags, cutBytes: size - bytes }
}

/** The index can be made again at any time; on a full disk the recording has to do without. */
async function rebuildIndex(indexFile: string, keyframes: readonly IndexRecord[]): Promise<void> {
  const aside = `${indexFile}.tmp`
  try {
    await writeFile(aside, Buffer.concat(keyframes.map(encodeIndexRecord)))
    await rename(aside, indexFile)
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined)
    if (!isDiskFull(error)) throw error
  }
}

export interface PartScan {
  /** Up to the end of the last whole tag. */
  readonly bytes: number
  readonly durationSeconds: number
  readonly mediaTags: number
  readonly keyframes: readonly IndexRecord[]
}

/** Reads the whole part without changing it. A file that does not even begin as FLV has 0 whole bytes. */
export async function scanPart(file: string, signal?: AbortSignal): Promise<PartScan> {
  let bytes = await headerBytes(file)
  let mediaTags = 0
  let clock: ClockState = CLOCK_AT_ZERO
  const keyframes: IndexRecord[] = []
  if (bytes === 0) return { bytes, durationSeconds: 0, mediaTags, keyframes }
  for await (const tags of readLog(file, signal ? { signal } : {})) {
    for (const tag of tags) {
      if (hasLostPage(tag)) return { bytes, durationSeconds: clock.end / 1000, mediaTags, keyframes }
      bytes = tag.end
      if (tag.type === VIDEO_TAG) {
        const video = readVideoTag(tag.body)
        if (!video || video.packet === 'sequence-start') continue
        if (video.keyframe && video.packet === 'frame')
          keyframes.push({ offset: tag.offset, timestampMs: tag.timestampMs })
      } else if (
        tag.type !== AUDIO_TAG ||
        !tag.body.length ||
        readAudioTag(tag.body)?.packet === 'sequence-start'
      )
        continue
      mediaTags += 1
      clock = mapTimestamp(clock, tag.type === VIDEO_TAG ? 'video' : 'audio', tag.timestampMs)[0]
    }
  }
  return { bytes, durationSeconds: clock.end / 1000, mediaTags, keyframes }
}

const PAGE = Buffer.alloc(4096)

/**
 * Whether a page of the file within the tag's body is nothing but zeros. Of H.264 and H.265 only, which
 * never have three zero bytes in a row within a NAL unit (H.264 §7.4.1, emulation prevention).
 */
function hasLostPage({ type, body, offset }: LogTag): boolean {
  const bodyAt = offset + TAG_HEADER_BYTES
  const firstPage = Math.ceil(bodyAt / PAGE.length) * PAGE.length
  if (type !== VIDEO_TAG || firstPage + PAGE.length > bodyAt + body.byteLength) return false
  for (let at = firstPage - bodyAt; at + PAGE.length <= body.byteLength; at += PAGE.length) {
    if (body[at] !== 0 || Buffer.compare(body.subarray(at, at + PAGE.length), PAGE) !== 0) continue
    const codec = readVideoTag(body)?.codec
    return codec === 'avc' || codec === 'hevc'
  }
  return false
}

async function headerBytes(file: string): Promise<number> {
  await using handle = await open(file, 'r')
  const bytes = Buffer.alloc(13)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
  return bytesRead === bytes.length && bytes.subarray(0, 3).toString('latin1') === 'FLV' ? bytes.length : 0
}
