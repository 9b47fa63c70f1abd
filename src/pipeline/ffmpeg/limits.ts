/**
 * What a file that somebody sent may cost before anyone has vouched for it. A bomb (a few bytes that
 * claim a gigantic picture, a million pictures, a thousand tracks, years of time) runs into one of these
 * and is refused in words; what is real stays far below. docs/decisions has the figures.
 */

/** Of one picture: 8K in cinema's width, and some. */
export const MAX_PIXELS = 8192 * 4352
/** Tracks of any kind; attached fonts of subtitles are tracks too, and a film may have a hundred. */
export const MAX_STREAMS = 256
/** A week: the longest recordings that anybody brings. */
export const MAX_SECONDS = 7 * 24 * 3600
/** Pictures a second, on average over the file: slow-motion cameras stop at 960. */
export const MAX_FRAME_RATE = 1000
/** On average something, a picture or a piece of sound, has to come at least this often in a file of more than an hour. */
export const MAX_SILENT_SECONDS = 60

/** One allocation of ffmpeg's (`-max_alloc`). */
export const MAX_ALLOCATION_BYTES = 512 * 2 ** 20
/** Address space of ffprobe, and of an encoder: 8K with all its threads and rungs fits. */
export const PROBE_MEMORY_BYTES = 3 * 2 ** 30
export const ENCODER_MEMORY_BYTES = 16 * 2 ** 30
/** Largest file an encoder may write: a chunk of the highest rung has a hundredth of it. */
export const MAX_OUTPUT_BYTES = 2 ** 30
/** What ffprobe may say about a file. */
export const MAX_PROBE_OUTPUT_BYTES = 8 * 2 ** 20

/** Time to look at a file's head, and processor time. */
export const PROBE_LIMIT_MS = 60_000
export const PROBE_CPU_SECONDS = 60
/** Walking through all packets of a file: so much, and so much more for each byte. */
export const SCAN_LIMIT_MS = 120_000
export const SCAN_SLOWEST_BYTES_PER_MS = 4_000
