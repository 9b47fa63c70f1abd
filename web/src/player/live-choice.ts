/**
 * Which variant Auto plays while on air: the best that the line carries, whatever the size of the picture.
 * That is the original wherever possible, which is there at once; every other quality has to be encoded in
 * the moment it is watched.
 */

/** A variant of the multivariant playlist, as http-streaming keeps it. */
export interface Choosable {
  readonly attributes?: { readonly BANDWIDTH?: number }
  /** By the viewer's choice of another. */
  readonly disabled?: boolean
  /** Milliseconds; Infinity when this browser cannot play it. */
  readonly excludeUntil?: number
}

/** The line is to carry this much more than the variant needs. */
const MARGIN = 1.2

/** `rate`: bits per second; undefined: believed to be good until it is known. Undefined when there is nothing to choose from. */
export function chooseLive<Variant extends Choosable>(
  variants: readonly Variant[],
  rate: number | undefined,
  now: number,
): Variant | undefined {
  const allowed = variants.filter(({ disabled }) => disabled !== true)
  const playable = allowed.filter(({ excludeUntil = 0 }) => excludeUntil <= now)
  const best = [...(playable.length > 0 ? playable : allowed)].sort((a, b) => needs(b) - needs(a))
  return best.find((variant) => rate === undefined || needs(variant) * MARGIN <= rate) ?? best.at(-1)
}

const needs = ({ attributes }: Choosable) => attributes?.BANDWIDTH ?? 0
