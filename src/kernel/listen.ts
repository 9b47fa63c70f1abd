/** Opens a listening port and blames the right setting when that fails. */
import type { Server } from 'node:net'
import { AppError, describeError } from './errors.ts'

export interface ListenOptions {
  readonly host: string
  /** 0: any free one, for tests. */
  readonly port: number
  /** Which setting the port came from. */
  readonly setting: 'PORT' | 'RTMP_PORT' | 'RTMPS_PORT'
}

/** Resolves with the port. Throws AppError `bad-setting` that names the setting and its value. */
export function listen(server: Server, { host, port, setting }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      server.off('listening', onListening)
      reject(new AppError('bad-setting', explain(cause, { host, port, setting }), { cause }))
    }
    const onListening = () => {
      server.off('error', onError)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen(port, host)
  })
}

function explain(error: NodeJS.ErrnoException, { host, port, setting }: ListenOptions): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `${setting}: port ${port} is in use by another program. Stop that one, or set ${setting} to another number.`
    case 'EACCES':
      return `${setting}: this user may not listen on port ${port}. Set ${setting} to a number above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST: this machine has no address ${host}. Use 0.0.0.0 for all of its addresses, 127.0.0.1 for itself alone.`
    default:
      return `${setting}: cannot listen on ${host}, port ${port}: ${describeError(error)}`
  }
}
