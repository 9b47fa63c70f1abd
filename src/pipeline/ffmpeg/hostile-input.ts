/**
 * Options before `-i` for anything that came from outside. A playlist, concat script or session
 * description disguised as a video would otherwise make ffmpeg open other files and addresses.
 * Only the demuxers of real containers and the local file protocol are let in.
 * ffmpeg 5.1 documentation, §Protocol Options (protocol_whitelist), §Format Options (format_whitelist).
 */
const DEMUXERS = [
  ...['mov', 'matroska', 'mpegts', 'mpeg', 'flv', 'avi', 'ogg', 'asf', 'mxf'],
  // Sound alone.
  ...['mp3', 'flac', 'wav', 'w64', 'aac', 'aiff', 'caf'],
]

export const ALLOW_LISTS: readonly string[] = [
  '-protocol_whitelist',
  'file',
  '-format_whitelist',
  DEMUXERS.join(','),
]

/** A path that begins with "-" or holds ":" before a slash would be read as an option or a protocol. */
export function inputUrl(absolutePath: string): string {
  if (!absolutePath.startsWith('/')) throw new Error(`an input path is absolute: ${absolutePath}`)
  return `file:${absolutePath}`
}
