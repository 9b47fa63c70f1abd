/**
 * Whose request it is, for what is limited or open by address: the peer of the socket, or, when that is a
 * proxy that is trusted, the last address in X-Forwarded-For that is not one of ours. Whoever else sends that
 * header is not believed.
 */
import type { IncomingMessage } from 'node:http'
import proxyAddress from 'proxy-addr'

export interface ClientAddresses {
  readonly of: (req: IncomingMessage) => string
  /** It came through a proxy that is not trusted: its address says nothing of who asks. */
  readonly isHidden: (req: IncomingMessage) => boolean
}

/** `trusted`: addresses, networks such as 10.0.0.0/8, or loopback, linklocal, uniquelocal. Throws TypeError for anything else. */
export function makeClientAddresses(trusted: readonly string[]): ClientAddresses {
  const trust = proxyAddress.compile([...trusted])
  return {
    // Undefined when the peer has left already.
    of: (req) => (req.socket.remoteAddress === undefined ? '' : proxyAddress(req, trust)),
    isHidden: (req) =>
      (req.headers['x-forwarded-for'] ?? req.headers.forwarded) !== undefined &&
      !trust(req.socket.remoteAddress ?? '', 0),
  }
}

const ownNetworks = proxyAddress.compile(['loopback', 'linklocal', 'uniquelocal'])

/** Of this machine, or of a network that is not the internet's. RFC 1918, RFC 4193, RFC 3927. */
export function isOwnNetwork(address: string): boolean {
  return address !== '' && ownNetworks(address, 0)
}
