/** Cues, as WebVTT and SubRip have them, and what is wrong with a file that has none. */

export interface Cue {
  /** Seconds. */
  readonly start: number
  readonly end: number
  /** WebVTT cue settings that are known and valid, such as "line:0 align:start"; may be empty. */
  readonly settings: string
  /** WebVTT cue text: cleaned (cue-text.ts), lines joined by a line feed. */
  readonly text: string
}

/** What somebody has to correct. `line` counts from 1. */
export class CaptionFault extends Error {
  override readonly name = 'CaptionFault'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** Lines with their numbers, whatever ends them. */
export function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
}

/** `-->` between two times; undefined: this is no timing line. Hours may be absent, a comma stands for the point. */
export function parseTiming(
  line: string,
): { readonly start: number; readonly end: number; readonly rest: string } | undefined {
  const match =
    /^\s*(\d+:)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->\s*(\d+:)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})(?:\s+(.*))?$/.exec(
      line,
    )
  if (!match) return undefined
  const [, h1, m1, s1, f1, h2, m2, s2, f2, rest = ''] = match
  const seconds = (h: string | undefined, m = '', s = '', f = '') =>
    Number.parseInt(h ?? '0', 10) * 3600 + Number(m) * 60 + Number(s) + Number(f.padEnd(3, '0')) / 1000
  if (Number(m1) > 59 || Number(m2) > 59 || Number(s1) > 59 || Number(s2) > 59) return undefined
  return { start: seconds(h1, m1, s1, f1), end: seconds(h2, m2, s2, f2), rest: rest.trim() }
}

/** Throws CaptionFault when it ends before it begins. */
export function checkOrder(start: number, end: number, line: number): void {
  if (end < start) throw new CaptionFault(line, 'The cue ends before it begins: exchange its two times.')
}

/** By their beginnings, as WebVTT wants them; of no length at all they would never be seen. */
export function inOrder(cues: readonly Cue[]): readonly Cue[] {
  return cues
    .filter(({ start, end, text }) => end > start && text !== '')
    .toSorted((a, b) => a.start - b.start)
}
