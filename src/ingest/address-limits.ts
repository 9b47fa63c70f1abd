/**
 * How many connections one address may hold: all of them, and those whose handshake is not done. Of IPv6
 * the /64 counts, since that is what one subscriber gets.
 */
export interface AddressLimitsOptions {
  /** At once; 0: no limit. */
  readonly maxConnections: number
  /** Without a finished handshake, at once; 0: no limit. */
  readonly maxHandshakes: number
}

/** One connection's place. Both are idempotent. */
export interface AddressSeat {
  /** The handshake is done. */
  opened(): void
  leave(): void
}

interface Held {
  connections: number
  handshakes: number
}

export class AddressLimits {
  readonly #options: AddressLimitsOptions
  readonly #held = new Map<string, Held>()

  constructor(options: AddressLimitsOptions) {
    this.#options = options
  }

  /** Addresses that hold a connection. */
  get size(): number {
    return this.#held.size
  }

  /** Undefined: this address holds too many already. */
  take(remoteAddress: string): AddressSeat | undefined {
    const { maxConnections, maxHandshakes } = this.#options
    const group = addressGroup(remoteAddress)
    const held = this.#held.get(group) ?? { connections: 0, handshakes: 0 }
    if (maxConnections > 0 && held.connections >= maxConnections) return undefined
    if (maxHandshakes > 0 && held.handshakes >= maxHandshakes) return undefined
    held.connections += 1
    held.handshakes += 1
    this.#held.set(group, held)
    let state: 'shaking' | 'open' | 'left' = 'shaking'
    const opened = () => {
      if (state !== 'shaking') return
      state = 'open'
      held.handshakes -= 1
    }
    return {
      opened,
      leave: () => {
        if (state === 'left') return
        opened()
        state = 'left'
        held.connections -= 1
        if (held.connections === 0) this.#held.delete(group)
      },
    }
  }
}

/** "192.0.2.1" as it is, "::ffff:192.0.2.1" as IPv4, "2001:db8:1:2:3::4" as "2001:db8:1:2". */
export function addressGroup(remoteAddress: string): string {
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':')
    while (groups.length + last.length < 8) groups.push('0')
    groups.push(...last)
  }
  return groups.slice(0, 4).join(':')
}
