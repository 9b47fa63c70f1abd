/** node-media-server, if somebody installed it: it is no dependency of ours. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { listening, startServerProcess } from '../server-process.ts'
import type { MissingPeer } from './nginx.ts'

const IN_NODE_MODULES = path.resolve(import.meta.dirname, '../../../node_modules/node-media-server')

export interface NodeMediaServer extends AsyncDisposable {
  readonly name: string
  readonly pids: readonly number[]
  readonly rtmpPort: number
  readonly httpPort: number
}

/** `installed`: the package's folder, when it is not in node_modules. Not recording. */
export async function startNodeMediaServer(
  folder: string,
  installed: string | undefined,
): Promise<NodeMediaServer | MissingPeer> {
  const found = installed ?? IN_NODE_MODULES
  if (!existsSync(path.join(found, 'package.json')))
    return {
      missing:
        'node-media-server is not installed, so its ratios are left out. "npm install --prefix <folder> node-media-server", then "--node-media-server <folder>/node_modules/node-media-server".',
    }
  await mkdir(folder, { recursive: true })
  const [rtmpPort, httpPort] = [await freePort(), await freePort()]
  const script = path.join(import.meta.dirname, 'node-media-server-process.ts')
  // In its own folder: it writes beside itself what it keeps.
  const server = startServerProcess(
    process.execPath,
    [script, found, folder, String(rtmpPort), String(httpPort)],
    folder,
  )
  await listening(server, rtmpPort)
  await listening(server, httpPort)
  return {
    name: 'node-media-server',
    pids: [server.pid],
    rtmpPort,
    httpPort,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
