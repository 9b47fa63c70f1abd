/**
 * How far a file really goes: its packets are walked through once, nothing is decoded. Containers claim
 * durations that are not there (cut-off files, live recordings) or none at all.
 */
import { type ProbeTools, streamFfprobe } from './ffmpeg/run-ffprobe.ts'

export interface StreamExtent {
  readonly packets: number
  /** Seconds on the file's own clock: the first packet shown, and where the last one ends. */
  readonly start: number
  readonly end: number
  /** The first few stretches of more than half a second without a packet: where they begin, and how long they are. */
  readonly holes?: readonly { readonly at: number; readonly seconds: number }[]
}

const HOLE_SECONDS = 0.5
const MAX_HOLES = 20

export interface ScannedFile {
  /** By stream index. Empty when nothing can be read. */
  readonly extents: ReadonlyMap<number, StreamExtent>
  /** The reader stumbled on the way. */
  readonly isDamaged: boolean
}

/** What ffmpeg's demuxers and parsers say at places that are no whole file's. */
const DAMAGE =
  /exceeds containing master|exceeds max length|invalid as first byte|Packet mismatch|Invalid NAL unit|missing picture|corrupt|partial file|Invalid data|Error/i

export async function scanStreams(
  tools: ProbeTools,
  path: string,
  signal: AbortSignal,
): Promise<ScannedFile> {
  const extents = new Map<
    number,
    { packets: number; start: number; end: number; last: number; holes: { at: number; seconds: number }[] }
  >()
  const onLine = (line: string) => {
    const packet = readPacketLine(line)
    if (!packet) return
    const extent = extents.get(packet.stream) ?? {
      packets: 0,
      start: Number.POSITIVE_INFINITY,
      end: 0,
      last: packet.at,
      holes: [],
    }
    const duration = packet.duration > 0 ? packet.duration : Math.max(0, packet.at - extent.last)
    const missing = extent.packets > 0 ? packet.at - extent.end : 0
    if (missing > HOLE_SECONDS && extent.holes.length < MAX_HOLES)
      extent.holes.push({ at: extent.end, seconds: missing })
    extent.packets += 1
    extent.start = Math.min(extent.start, packet.at)
    extent.end = Math.max(extent.end, packet.at + duration)
    extent.last = packet.at
    extents.set(packet.stream, extent)
  }
  const { stderr } = await streamFfprobe(
    tools,
    path,
    ['-show_entries', 'packet=stream_index,pts_time,dts_time,duration_time', '-of', 'compact=p=0'],
    onLine,
    signal,
  )
  return { extents, isDamaged: DAMAGE.test(stderr) }
}

/** `stream_index=0|pts_time=1.5|dts_time=1.4|duration_time=0.04`; AVI has no pts. */
export function readPacketLine(
  line: string,
): { readonly stream: number; readonly at: number; readonly duration: number } | undefined {
  const fields = new Map(line.split('|').map((pair) => pair.split('=', 2) as [string, string]))
  const stream = Number(fields.get('stream_index') ?? Number.NaN)
  const pts = Number.parseFloat(fields.get('pts_time') ?? '')
  const dts = Number.parseFloat(fields.get('dts_time') ?? '')
  const at = Number.isNaN(pts) ? dts : pts
  const duration = Number.parseFloat(fields.get('duration_time') ?? '')
  if (!Number.isInteger(stream) || Number.isNaN(at)) return undefined
  return { stream, at, duration: Number.isNaN(duration) ? 0 : duration }
}
