/**
 * Cue text that holds only what WebVTT knows, well formed: tags it does not know go, their words stay; what
 * is open at the end is closed. So a browser reads it as it was meant, and no more than that.
 * Spec: WebVTT (W3C CR 4 April 2019) §4.2.2, §6.4
 */

const SPANS = new Set(['b', 'i', 'u', 'c', 'v', 'lang', 'ruby', 'rt'])
/** Those that say something behind their name. */
const ANNOTATED = new Set(['v', 'lang'])
const TOKEN =
  /<(\/?)([a-zA-Z]*)((?:\.[^\s<>.]+)*)(?:[ \t]+([^<>]*))?>|<(\d[\d:.]*)>|<[^<>]*>|&(?:amp|lt|gt|nbsp|lrm|rlm);|[&<>]/g
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

export function cleanCueText(text: string): string {
  const open: string[] = []
  const cleaned = text.replace(TOKEN, (token, slash, name, classes, annotation, time) => {
    if (token.length === 1) return ENTITIES[token] ?? token
    if (token.startsWith('&')) return token
    if (time !== undefined) return /^(\d+:)?\d\d:\d\d\.\d{3}$/.test(String(time)) ? token : ''
    const tag = String(name ?? '').toLowerCase()
    if (!SPANS.has(tag)) return ''
    if (slash === '/') {
      if (!open.includes(tag)) return ''
      let closed = ''
      for (let last = open.pop(); last !== undefined; last = open.pop()) {
        closed += `</${last}>`
        if (last === tag) break
      }
      return closed
    }
    open.push(tag)
    const said = ANNOTATED.has(tag) ? withoutArrow(escapeText(String(annotation ?? '').trim())) : ''
    return `<${tag}${withoutArrow(String(classes ?? ''))}${said === '' ? '' : ` ${said}`}>`
  })
  return (
    cleaned +
    open
      .toReversed()
      .map((tag) => `</${tag}>`)
      .join('')
  )
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}

/** Before the end of a tag two dashes would make an arrow, which no cue may hold. §4.1 */
function withoutArrow(text: string): string {
  return text.replace(/[-\s.]+$/, '')
}

/** What is escaped already stays as it is. */
function escapeText(text: string): string {
  return text.replace(/&(?:amp|lt|gt|nbsp|lrm|rlm);|[&<>]/g, (found) => ENTITIES[found] ?? found)
}
