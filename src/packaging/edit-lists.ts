/**
 * Whether the edit lists of an MP4 leave nothing out but what every muxer leaves out (priming of audio,
 * the delay of reordering). A list that hides more, as trimming on a phone writes it, is not a matter of
 * packets: copied, they would show what its maker cut away.
 *
 *     moov ▸ mvhd (timescale), trak ▸ mdia ▸ mdhd (timescale, duration), edts ▸ elst (entries),
 *                              mdia ▸ minf ▸ stbl ▸ ctts (offset of the first picture)
 *
 * Spec: ISO/IEC 14496-12:2022 §8.2.2, §8.4.2, §8.6.1.3, §8.6.6
 */
import { open } from 'node:fs/promises'

/** Seconds that may be hidden at either end. */
const HIDDEN_SECONDS = 0.1
/** A table of contents beyond this is no honest one; it is encoded, by a program with limits. */
const MAX_MOOV_BYTES = 256 * 2 ** 20

/** True also for files that are no MP4, have no edit lists, or whose boxes make no sense: their reader will say so. */
export async function showsAllItHolds(file: string): Promise<boolean> {
  const moov = await readMoov(file)
  return moov === undefined || checkMoov(moov)
}

async function readMoov(file: string): Promise<Buffer | undefined> {
  await using handle = await open(file, 'r')
  const { size: fileSize } = await handle.stat()
  const head = Buffer.alloc(16)
  for (let at = 0; at + 8 <= fileSize; ) {
    const { bytesRead } = await handle.read(head, 0, 16, at)
    const type = head.toString('latin1', 4, 8)
    if (bytesRead < 8 || !/^[\x20-\x7e]{4}$/.test(type)) return undefined
    const short = head.readUInt32BE(0)
    const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? fileSize - at : short
    if (size < 8) return undefined
    if (type === 'moov') {
      if (size > MAX_MOOV_BYTES) return undefined
      const moov = Buffer.alloc(Math.min(size, fileSize - at))
      const read = await handle.read(moov, 0, moov.byteLength, at)
      return moov.subarray(0, read.bytesRead)
    }
    at += size
  }
  return undefined
}

interface Track {
  timescale: number
  seconds: number
  /** In the track's timescale: when its first picture is shown, behind what reordering delays. */
  firstShown: number
  /** `mediaTime` in the track's timescale, -1: nothing is shown; `duration` in the movie's. */
  edits: { readonly duration: number; readonly mediaTime: number; readonly rate: number }[]
}

/** `moov`: the whole box. */
export function checkMoov(moov: Buffer): boolean {
  let movieTimescale = 0
  const tracks: Track[] = []
  walk(moov, (type, body) => {
    const track = tracks.at(-1)
    if (type === 'mvhd') movieTimescale = body.readUInt32BE(body[0] === 1 ? 20 : 12)
    else if (type === 'trak') tracks.push({ timescale: 0, seconds: 0, firstShown: 0, edits: [] })
    else if (type === 'mdhd' && track) {
      const wide = body[0] === 1
      track.timescale = body.readUInt32BE(wide ? 20 : 12)
      track.seconds =
        (wide ? Number(body.readBigUInt64BE(24)) : body.readUInt32BE(16)) / (track.timescale || 1)
    } else if (type === 'elst' && track) track.edits = readEdits(body)
    // The first entry's offset: version, flags, entry count, count, offset.
    else if (type === 'ctts' && track) track.firstShown = Math.max(0, body.readInt32BE(12))
  })
  return tracks.every((track) => isPlain(track, movieTimescale))
}

function isPlain({ edits, timescale, seconds, firstShown }: Track, movieTimescale: number): boolean {
  const shown = edits.filter(({ mediaTime }) => mediaTime >= 0)
  const [edit, ...more] = shown
  if (!edit || timescale === 0 || movieTimescale === 0) return true
  if (more.length > 0 || edit.rate !== 1 || edits.at(-1) !== edit) return false
  const from = (edit.mediaTime - firstShown) / timescale
  const length = edit.duration / movieTimescale
  // A length of 0 is "to the end": of fragmented files, whose end is not known to their head.
  return (
    from <= HIDDEN_SECONDS && (length === 0 || seconds === 0 || from + length >= seconds - HIDDEN_SECONDS)
  )
}

function readEdits(body: Buffer): Track['edits'] {
  const wide = body[0] === 1
  const size = wide ? 20 : 12
  const count = Math.min(body.readUInt32BE(4), Math.floor((body.byteLength - 8) / size))
  return Array.from({ length: count }, (_, index) => {
    const at = 8 + index * size
    return {
      duration: wide ? Number(body.readBigUInt64BE(at)) : body.readUInt32BE(at),
      mediaTime: wide ? Number(body.readBigInt64BE(at + 8)) : body.readInt32BE(at + 4),
      rate: body.readInt32BE(at + size - 4) / 0x10000,
    }
  })
}

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts'])
/** Up to the first entry of each. */
const TABLES: Readonly<Record<string, number>> = { elst: 8, ctts: 16 }
const LONGEST_HEADER = 32

/** Calls `visit` with each box that matters, without its header, as far as the boxes are whole. */
function walk(bytes: Buffer, visit: (type: string, body: Buffer) => void): void {
  for (let at = 0; at + 8 <= bytes.byteLength; ) {
    const size = bytes.readUInt32BE(at)
    if (size < 8) return
    const type = bytes.toString('latin1', at + 4, at + 8)
    const body = bytes.subarray(at + 8, Math.min(at + size, bytes.byteLength))
    const isWhole = at + size <= bytes.byteLength
    if (CONTAINERS.has(type)) {
      visit(type, body)
      walk(body, visit)
    } else if (isWhole && body.byteLength >= (TABLES[type] ?? (body[0] === 1 ? LONGEST_HEADER : 20)))
      visit(type, body)
    at += size
  }
}
