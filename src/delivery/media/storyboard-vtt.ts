/**
 * A storyboard as WebVTT: for each picture when it counts, and where it stands on which sheet. Pure.
 * Spec: WebVTT (W3C CR 4 April 2019) §4.1; Media Fragments URI 1.0 §4.2.2 (xywh).
 */
import { renderTime } from '../../formats/webvtt/render-webvtt.ts'
import type { SheetLayout } from '../../library/storyboards.ts'

/** Addresses are relative to the storyboard's, so that the signed prefix stays. */
export function renderStoryboard(sheets: readonly SheetLayout[]): string {
  const cues = sheets.flatMap(({ number, columns, tileWidth, tileHeight, starts, endSeconds }) =>
    starts.map((start, i) => {
      const x = (i % columns) * tileWidth
      const y = Math.floor(i / columns) * tileHeight
      const end = starts[i + 1] ?? endSeconds
      return `${renderTime(start)} --> ${renderTime(end)}\nstoryboard/${number}.jpg#xywh=${x},${y},${tileWidth},${tileHeight}\n`
    }),
  )
  return `WEBVTT\n\n${cues.join('\n')}`
}
