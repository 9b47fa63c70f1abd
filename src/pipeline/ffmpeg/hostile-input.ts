/**
 * Options before `-i` for anything that came from outside. A playlist, concat script or session
 * description disguised as a video would otherwise make ffmpeg open other files and addresses.
 * Only the demuxers of real containers and the local file protocol are let in, and nothing a container
 * refers to is followed.
 * ffmpeg 5.1 documentation, §Protocol Options (protocol_whitelist), §Format Options (format_whitelist,
 * max_streams), §Codec Options (max_pixels), ffmpeg §Generic options (max_alloc), §mov (enable_drefs:
 * off unless asked for, and so are use_absolute_path and Matroska's linked segments).
 */
import { MAX_ALLOCATION_BYTES, MAX_PIXELS, MAX_STREAMS } from './limits.ts'

const DEMUXERS = [
  ...['mov', 'matroska', 'mpegts', 'mpeg', 'flv', 'avi', 'ogg', 'asf', 'mxf', 'gif'],
  // Sound alone.
  ...['mp3', 'flac', 'wav', 'w64', 'aac', 'aiff', 'caf'],
]

export const ALLOW_LISTS: readonly string[] = [
  '-protocol_whitelist',
  'file',
  '-format_whitelist',
  DEMUXERS.join(','),
  '-max_streams',
  `${MAX_STREAMS}`,
  '-max_pixels',
  `${MAX_PIXELS}`,
]

/** Global, so once for a run. */
export const ALLOCATION_LIMIT: readonly string[] = ['-max_alloc', `${MAX_ALLOCATION_BYTES}`]

/** A path that begins with "-" or holds ":" before a slash would be read as an option or a protocol. */
export function inputUrl(absolutePath: string): string {
  if (!absolutePath.startsWith('/')) throw new Error(`an input path is absolute: ${absolutePath}`)
  return `file:${absolutePath}`
}
