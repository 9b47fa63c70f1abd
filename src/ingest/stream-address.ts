/**
 * What people paste into an encoder, told apart. The secret is the key; the public name of a stream
 * is the channel's and comes from the gate, never from here.
 *
 *     app "live"         name "key"        as every tutorial has it
 *     app "live"         name "key?x=y"    the query is the encoder's own business
 *     app "live/key"     name ""           the whole address in the server field
 */
export interface StreamAddress {
  /** First part of the path, such as "live". */
  readonly app: string
  /** A stream key when publishing, a stream name when playing; empty when none was sent. */
  readonly name: string
}

/** Longer names are nobody's key or channel. */
export const MAX_NAME_CHARS = 256

export function parseStreamAddress(app: string, name: string): StreamAddress {
  const [first = '', ...rest] = withoutQuery(app).split('/').filter(Boolean)
  const own = withoutQuery(name).replace(/^\/+|\/+$/g, '')
  return { app: first, name: own === '' ? rest.join('/') : own }
}

function withoutQuery(text: string): string {
  const query = text.indexOf('?')
  return query < 0 ? text : text.slice(0, query)
}
