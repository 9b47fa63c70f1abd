/** Looks at an uploaded file: what it is, and whether it is a video at all. The file is hostile until proven otherwise. */
import { open } from 'node:fs/promises'
import { type ProbeTools, runFfprobe } from './ffmpeg/run-ffprobe.ts'
import { NO_PICTURE, parseSource, type SourceVerdict } from './source.ts'

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
    ['-of', 'json', '-show_format', '-show_streams'],
    signal,
  )
  let json: unknown
  try {
    json = JSON.parse(stdout)
  } catch {
    return { isVideo: false, reason: NO_PICTURE }
  }
  if (
    /moov atom not found/.test(stderr) &&
    /^(ftyp|moov|mdat|free|skip|wide)/.test(head.toString('latin1', 4, 8))
  ) {
    return {
      isVideo: false,
      reason:
        'This MP4 is incomplete: its table of contents (moov) is missing, as when a recording or an upload broke off. Send the whole file.',
    }
  }
  return parseSource(json)
}

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
  return buffer.subarray(0, bytesRead)
}

/** What people send by mistake, said by name. First bytes as registered with IANA and in the formats' own specifications. */
function recognise(head: Buffer): string | undefined {
  const starts = (bytes: string) => head.subarray(0, bytes.length).equals(Buffer.from(bytes, 'latin1'))
  const picture = 'This is a picture, not a video.'
  if (
    starts('\xff\xd8\xff') ||
    starts('\x89PNG') ||
    starts('GIF8') ||
    starts('BM') ||
    starts('II*\0') ||
    starts('MM\0*')
  )
    return picture
  if (starts('RIFF') && head.subarray(8, 12).toString('latin1') === 'WEBP') return picture
  if (/^ftyp(heic|heix|mif1|avif)/.test(head.subarray(4, 12).toString('latin1'))) return picture
  if (starts('%PDF')) return 'This is a PDF document, not a video.'
  if (starts('PK\x03\x04')) return 'This is a ZIP archive or an office document, not a video.'
  if (starts('#EXTM3U')) return 'This is a playlist, not a video. Send the video itself.'
  if (starts('ffconcat')) return 'This is an ffmpeg script, not a video.'
  return undefined
}
