/**
 * WebVTT as people make it: what a player would quietly leave out is told instead. Styles, regions, notes and
 * names of cues are read over.
 * Spec: WebVTT (W3C CR 4 April 2019) §4.1, §6.1
 */
import { CaptionFault, type Cue, checkOrder, inOrder, linesOf, parseTiming } from './cue.ts'
import { cleanCueText } from './cue-text.ts'

const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?\d+(?:\.\d+)?%?(?:,(?:start|center|end))?|position:\d+(?:\.\d+)?%(?:,(?:line-left|center|line-right))?|size:\d+(?:\.\d+)?%|align:(?:start|center|end|left|right))$/

/** Throws CaptionFault. */
export function parseWebVtt(text: string): readonly Cue[] {
  const lines = linesOf(text)
  if (!/^WEBVTT(?:[ \t]|$)/.test(lines[0] ?? ''))
    throw new CaptionFault(1, 'A WebVTT file begins with the word WEBVTT on a line of its own.')
  const cues: Cue[] = []
  for (const block of blocksOf(lines)) {
    const [first = ''] = block.lines
    if (block.at === 1 || /^(?:NOTE(?:[ \t]|$)|STYLE\s*$|REGION\s*$)/.test(first)) continue
    // A name may stand before the timing.
    const named = first.includes('-->') ? 0 : 1
    const timingLine = block.lines[named]
    if (timingLine === undefined)
      throw new CaptionFault(
        block.at,
        'Words without a time: put a line like "00:01.000 --> 00:04.000" above them.',
      )
    const at = block.at + named
    const timing = parseTiming(timingLine)
    if (!timing)
      throw new CaptionFault(
        at,
        `"${shorten(timingLine)}" is no time: write it like "00:01.000 --> 00:04.000".`,
      )
    checkOrder(timing.start, timing.end, at)
    const settings = timing.rest.split(/\s+/).filter((setting) => SETTING.test(setting))
    cues.push({
      start: timing.start,
      end: timing.end,
      settings: settings.join(' '),
      text: cleanCueText(block.lines.slice(named + 1).join('\n')),
    })
  }
  return inOrder(cues)
}

/** Lines between empty ones. `at`: the number of the first. */
export function blocksOf(
  lines: readonly string[],
): readonly { readonly at: number; readonly lines: readonly string[] }[] {
  const blocks: { at: number; lines: string[] }[] = []
  let open: { at: number; lines: string[] } | undefined
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') open = undefined
    else if (open) open.lines.push(line)
    else {
      open = { at: index + 1, lines: [line] }
      blocks.push(open)
    }
  }
  return blocks
}

export function shorten(line: string): string {
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}
