/**
 * What people paste into an encoder or a player, told apart. The secret is the key; the public name of
 * a stream is the channel's and comes from the gate, never from here. The application's name means
 * nothing to us: `live` is what tutorials say, and whoever comes from another server keeps their own.
 *
 *     app "live"           name "key"        as every tutorial has it
 *     app "live"           name "key?x=y"    the query is the encoder's own business
 *     app "live/instance"  name "key"        as Adobe's servers have it
 *     app "live/key"       name ""           the whole address in the one field there is
 *     app "live?key=key"   name ""           the same, where what follows the path is left to us
 *     app "key"            name ""           the same, without an application
 *     app "live"           name "flv:key"    some players say of which kind the stream is
 */
export interface StreamAddress {
  /** First part of the path, such as "live". */
  readonly app: string
  /** A stream key when publishing, a stream name when playing; empty when none was sent. */
  readonly name: string
}

/** Longer names are nobody's key or channel. */
export const MAX_NAME_CHARS = 256
/** An address that ends here has no name in it. */
const USUAL_APP = 'live'

export function parseStreamAddress(app: string, name: string): StreamAddress {
  const [path, query] = splitQuery(app)
  const [ownPath, ownQuery] = splitQuery(name)
  const [first = '', ...rest] = path.split('/').filter(Boolean)
  const own = ownPath.replace(/^\/+|\/+$/g, '').replace(/^(?:flv|mp4):/, '')
  const said = own || rest.join('/') || keyIn(ownQuery) || keyIn(query)
  return said === '' && first !== USUAL_APP ? { app: '', name: first } : { app: first, name: said }
}

function keyIn(query: string): string {
  return new URLSearchParams(query).get('key') ?? ''
}

function splitQuery(text: string): [path: string, query: string] {
  const at = text.indexOf('?')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
