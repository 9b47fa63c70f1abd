/**
 * Accepted sockets that all read into one buffer. Node allocates 64 KiB for every read of a socket that
 * a server accepts, and throws them away: most of the garbage of an ingest, and memory for each encoder.
 * `onread` of net.Socket reads into a buffer of ours, but only for sockets that one makes oneself; so
 * the accepted connection is given to such a one.
 */
import { Socket, type SocketConstructorOpts } from 'node:net'

const READ_BYTES = 256 * 1024

/** Not in the documentation of Node: what carries the connection, and that a socket can be made of it. */
interface WithHandle {
  _handle: object | null
}

export class SharedReads {
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)

  /**
   * The same connection as a socket whose `data` is valid during the event only; of `accepted` nothing is
   * left. It reads nothing while it is paused, where other sockets go on until their own buffer is full.
   * Returned as it is when this Node does not let us.
   */
  adopt(accepted: Socket): Socket {
    const carrier = accepted as unknown as WithHandle
    const handle = carrier._handle
    if (!handle) return accepted
    const onread: SocketConstructorOpts['onread'] = {
      buffer: this.#buffer,
      callback: (bytes, into) => {
        socket.emit('data', into.subarray(0, bytes))
        return true
      },
    }
    const socket: Socket = new Socket({ handle, onread } as SocketConstructorOpts)
    carrier._handle = null
    accepted.destroy()
    return socket
  }
}
