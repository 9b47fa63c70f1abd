/** Looks at an uploaded file: what it is, and whether it is a video at all. The file is hostile until proven otherwise. */
import { open } from 'node:fs/promises'
import { MAX_PIXELS, MAX_STREAMS } from './ffmpeg/limits.ts'
import { type ProbeTools, runFfprobe } from './ffmpeg/run-ffprobe.ts'
import { NO_PICTURE, parseSource, type SourceVerdict, TOO_LARGE } from './source.ts'

/**
 * `path` is absolute. Never throws for what is in the file: that is the verdict's reason.
 * Throws AppError `setup-failed` when ffprobe does not run.
 */
export async function probeSource(
  tools: ProbeTools,
  path: string,
  signal: AbortSignal,
): Promise<SourceVerdict> {
  const head = await readHead(path)
  if (head.byteLength === 0) return { isVideo: false, reason: 'The file is empty.' }
  const known = recognise(head)
  if (known) return { isVideo: false, reason: known }
  const { stdout, stderr } = await runFfprobe(
    tools,
    path,
    // Whether a GIF moves is known at its end.
    ['-of', 'json', '-show_format', '-show_streams', ...(isGif(head) ? ['-count_packets'] : [])],
    signal,
  )
  if (namesHugePicture(stderr)) return { isVideo: false, reason: TOO_LARGE }
  if (/exceeds max_streams/.test(stderr))
    return { isVideo: false, reason: `This file has more than ${MAX_STREAMS} tracks: it is not taken.` }
  let json: unknown
  try {
    json = JSON.parse(stdout)
  } catch {
    return { isVideo: false, reason: NO_PICTURE }
  }
  const verdict = parseSource(json)
  if (!verdict.isVideo && isMp4(head) && hasNoStreams(json)) return { isVideo: false, reason: NO_MOOV }
  return verdict
}

const NO_MOOV =
  'This MP4 is incomplete: its table of contents (moov) is missing or cut off, as when a recording or an upload broke off before its end. Without it nobody can tell where a picture begins. Send the whole file; if there is none, the device or program that recorded it can often repair it, and so can programs such as untrunc, with an undamaged file of the same device as a pattern.'

/** In the words of ffmpeg, which checks a size before it takes memory for it. */
function namesHugePicture(stderr: string): boolean {
  return [...stderr.matchAll(/Picture size (\d+)x(\d+) (?:is invalid|exceeds)/g)].some(
    ([, width, height]) => Number(width) * Number(height) > MAX_PIXELS,
  )
}

function isMp4(head: Buffer): boolean {
  return /^(ftyp|moov|mdat|free|skip|wide)/.test(head.toString('latin1', 4, 8))
}

function hasNoStreams(json: unknown): boolean {
  const { streams } = (json ?? {}) as { streams?: unknown }
  return !Array.isArray(streams) || streams.length === 0
}

function isGif(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === 'GIF8'
}

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
  return buffer.subarray(0, bytesRead)
}

const SHORTCUT = 'This is a shortcut, not a video. Send the video itself.'
/** Text that names other files or addresses: none of it is followed. */
const TEXTS: readonly (readonly [looks: RegExp, reason: string])[] = [
  [/^#EXT(M3U|INF|-X-)/, 'This is a playlist, not a video. Send the video itself.'],
  [/^ffconcat/, 'This is an ffmpeg script, not a video.'],
  [
    /^<(\?xml|MPD|svg|!DOCTYPE|html|smil|SmoothStreamingMedia)/i,
    'This is a document that names other files, not a video. Send the video itself.',
  ],
  [/^v=0\r?\n/, 'This is the description of a stream, not a video.'],
  [/^\[(InternetShortcut|Reference|playlist)\]/i, SHORTCUT],
  [/^TITLE:/, 'This is an edit decision list, not a video.'],
  [/^(WEBVTT|\[Script Info\]|1\r?\n\d\d:\d\d)/, 'These are subtitles, not a video.'],
]

/** What people send by mistake, said by name. First bytes as registered with IANA and in the formats' own specifications. */
function recognise(head: Buffer): string | undefined {
  const starts = (bytes: string) => head.subarray(0, bytes.length).equals(Buffer.from(bytes, 'latin1'))
  const picture = 'This is a picture, not a video.'
  if (starts('\xff\xd8\xff') || starts('\x89PNG') || starts('BM') || starts('II*\0') || starts('MM\0*'))
    return picture
  if (starts('RIFF') && head.subarray(8, 12).toString('latin1') === 'WEBP') return picture
  if (/^ftyp(heic|heix|mif1|avif)/.test(head.subarray(4, 12).toString('latin1'))) return picture
  if (starts('%PDF')) return 'This is a PDF document, not a video.'
  if (starts('PK\x03\x04')) return 'This is a ZIP archive or an office document, not a video.'
  const said = head
    .toString('latin1')
    .replace(/^\xef\xbb\xbf|^[\xff\xfe]{2}/, '')
    .trimStart()
  return TEXTS.find(([looks]) => looks.test(said))?.[1]
}
