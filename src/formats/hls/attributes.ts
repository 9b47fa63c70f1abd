/**
 * Attribute lists: `NAME=value,NAME="text"`.
 * A quoted string cannot hold a quote or a line break, and there is no escape for them: a quote
 * becomes an apostrophe, a line break a space.
 * Spec: RFC 8216 §4.2
 */
export type AttributeValue =
  | number
  /** Written as it is: an enumerated string, a resolution, a decimal with its own form. */
  | { readonly bare: string }
  /** Quoted. */
  | string
  | undefined

export function renderAttributes(attributes: Readonly<Record<string, AttributeValue>>): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${renderValue(value ?? '')}`)
    .join(',')
}

function renderValue(value: Exclude<AttributeValue, undefined>): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `"${value.replaceAll('"', "'").replace(/[\r\n]+/g, ' ')}"`
  return value.bare
}

/** A URI on a line of its own, or the title of an EXTINF: line breaks would begin another line. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}
