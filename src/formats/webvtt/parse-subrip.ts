/**
 * SubRip (.srt): blocks of a number, a time and words. There is no specification; this is what players agree
 * on. `<b>`, `<i>` and `<u>` stay, fonts and the positions of other programs go, but for {\an8}: at the top.
 */
import { CaptionFault, type Cue, checkOrder, inOrder, linesOf, parseTiming } from './cue.ts'
import { cleanCueText } from './cue-text.ts'
import { blocksOf, shorten } from './parse-webvtt.ts'

/** Throws CaptionFault. */
export function parseSubRip(text: string): readonly Cue[] {
  const cues: Cue[] = []
  for (const { at, lines } of blocksOf(linesOf(text))) {
    const numbered = /^\s*\d+\s*$/.test(lines[0] ?? '') && lines.length > 1 ? 1 : 0
    const timingLine = lines[numbered] ?? ''
    const timing = parseTiming(timingLine)
    if (!timing) {
      // An empty line within a cue's words begins no new cue.
      const before = cues.at(-1)
      if (before && !timingLine.includes('-->')) {
        cues[cues.length - 1] = { ...before, text: `${before.text}\n${clean(lines)}`.trim() }
        continue
      }
      throw new CaptionFault(
        at + numbered,
        `"${shorten(timingLine)}" is no time: write it like "00:00:01,000 --> 00:00:04,000".`,
      )
    }
    checkOrder(timing.start, timing.end, at + numbered)
    const words = lines.slice(numbered + 1)
    const settings = /\{\\an[789]\}/.test(words[0] ?? '') ? 'line:0' : ''
    cues.push({ start: timing.start, end: timing.end, settings, text: clean(words) })
  }
  return inOrder(cues)
}

function clean(lines: readonly string[]): string {
  return cleanCueText(
    lines
      .join('\n')
      .replace(/\{\\[^{}]*\}/g, '')
      .replace(/\{(\/?)([biu])\}/gi, '<$1$2>'),
  )
}
