/** Rates of a presentation that is made, from the sizes of its segments. RFC 8216 §4.3.4.2 */

import { unquote } from './playlist-text.ts'
import type { ReadPresentation, Stream } from './presentation.ts'

/** Peak over segments and average, bits per second. */
function ratesOf(read: ReadPresentation, uri: string): { peak: number; average: number } | undefined {
  const sizes = read.whole.sizes?.[uri]
  const segments = read.media.get(uri)?.segments
  if (!sizes || !segments || sizes.length !== segments.length) return undefined
  const shown = segments.flatMap(({ gap, range, duration }, i) =>
    gap ? [] : [{ bits: 8 * (range?.bytes ?? sizes[i] ?? 0), duration }],
  )
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)
  return {
    peak: Math.max(...shown.map(({ bits, duration }) => bits / duration)),
    average: sum(shown.map(({ bits }) => bits)) / sum(shown.map(({ duration }) => duration)),
  }
}

/** Of a variant together with the largest sound it can be heard with. */
export function measuredRates(
  read: ReadPresentation,
  stream: Stream,
): { peak: number; average: number } | undefined {
  const own = ratesOf(read, stream.uri)
  const sounds = soundUris(read, stream)
    .filter((uri) => uri !== stream.uri)
    .map((uri) => ratesOf(read, uri))
  if (!own || sounds.includes(undefined)) return undefined
  return {
    peak: own.peak + Math.max(0, ...sounds.map((of) => of?.peak ?? 0)),
    average: own.average + Math.max(0, ...sounds.map((of) => of?.average ?? 0)),
  }
}

export function soundUris(read: ReadPresentation, stream: Stream): readonly string[] {
  const group = stream.attributes.get('AUDIO')
  return read.groups
    .filter(({ attributes }) => group !== undefined && attributes.get('GROUP-ID') === group)
    .flatMap(({ attributes }) => unquote(attributes.get('URI')) ?? [])
}
