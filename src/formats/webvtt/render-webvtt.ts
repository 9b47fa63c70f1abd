/** Cues as WebVTT. Spec: WebVTT (W3C CR 4 April 2019) §4.1; RFC 8216 §3.5 for pieces of a stream. */
import type { Cue } from './cue.ts'

/** `header`: lines behind WEBVTT, such as a time stamp map. */
export function renderWebVtt(cues: readonly Cue[], header: readonly string[] = []): string {
  const blocks = cues.map(({ start, end, settings, text }) => {
    const timing = `${renderTime(start)} --> ${renderTime(end)}`
    return `${settings === '' ? timing : `${timing} ${settings}`}\n${text}\n`
  })
  return `${['WEBVTT', ...header].join('\n')}\n\n${blocks.join('\n')}`
}

/**
 * The cues seen between `start` and `end` (seconds), whole: one that is seen in two pieces stands in both.
 * Times are those of the video, whose clock begins at 0.
 */
export function renderPiece(cues: readonly Cue[], start: number, end: number): string {
  const seen = cues.filter((cue) => cue.start < end && cue.end > start)
  return renderWebVtt(seen, ['X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000'])
}

export function renderTime(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
}
