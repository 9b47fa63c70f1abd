/** A caption file as it came, in whatever encoding and of either kind, as cues. */
import { CaptionFault, type Cue } from './cue.ts'
import { parseSubRip } from './parse-subrip.ts'
import { parseWebVtt } from './parse-webvtt.ts'

/** Throws CaptionFault with the line and what to do about it. */
export function readCaptions(bytes: Uint8Array): readonly Cue[] {
  const text = decode(bytes).replace(/^\uFEFF/, '')
  const begins = text.trimStart().slice(0, 6)
  if (begins === 'WEBVTT') return some(parseWebVtt(text.trimStart()))
  if (!text.includes('-->'))
    throw new CaptionFault(1, 'This is neither WebVTT nor SubRip: export the captions as .vtt or .srt.')
  return some(parseSubRip(text))
}

function some(cues: readonly Cue[]): readonly Cue[] {
  if (cues.length === 0) throw new CaptionFault(1, 'There are no words in this file.')
  return cues
}

function decode(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    const valid = new TextDecoder('utf-8').decode(bytes)
    const before = valid.slice(0, Math.max(0, valid.indexOf('\uFFFD')))
    throw new CaptionFault(
      before.split(/\r\n|\r|\n/).length,
      'This file is neither UTF-8 nor UTF-16: open it in an editor, choose "UTF-8" when saving, and send it again.',
    )
  }
}

/** By its byte order mark; without one, every other byte of UTF-16 is 0 in the times. */
function encodingOf(bytes: Uint8Array): string {
  const [first, second, third, fourth] = bytes
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le'
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return 'utf-16be'
  return 'utf-8'
}
