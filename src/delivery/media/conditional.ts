/** Whether the client has it already. RFC 9110 §13.1.2 (If-None-Match, weak comparison). */
import type { IncomingHttpHeaders } from 'node:http'

/** Not express's `req.fresh`: that sends everything again to who says `Cache-Control: no-cache`, as fetch() does with every condition. */
export function isUnchanged(headers: IncomingHttpHeaders, etag: string): boolean {
  const condition = headers['if-none-match']
  if (condition === undefined) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return condition.trim() === '*' || condition.split(',').some((tag) => opaque(tag) === opaque(etag))
}
