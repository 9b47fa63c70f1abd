/** Stands between a real program and the server, and keeps all that the program said. */
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'

export interface RecordingProxy extends AsyncDisposable {
  readonly port: number
  /** What each client sent, in the order of their connecting. */
  readonly said: readonly (() => Buffer)[]
}

export async function startRecordingProxy(serverPort: number): Promise<RecordingProxy> {
  const said: (() => Buffer)[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const heard: Buffer[] = []
    said.push(() => Buffer.concat(heard))
    const upstream = net.connect(serverPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        ;(socket === client ? upstream : client).destroy()
      })
    }
    client.on('data', (data) => heard.push(data))
    client.pipe(upstream)
    upstream.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    said,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
