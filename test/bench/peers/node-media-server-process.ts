/**
 * Run by itself, to be measured: node-media-server on two ports of 127.0.0.1, not recording.
 *
 *     node node-media-server-process.ts <package folder> <data folder> <rtmp port> <http port>
 */
import { createRequire } from 'node:module'

const [found = '', folder = '', rtmpPort, httpPort] = process.argv.slice(2)
const NodeMediaServer = createRequire(import.meta.url)(found) as new (settings: object) => { run(): void }

new NodeMediaServer({
  bind: '127.0.0.1',
  rtmp: { port: Number(rtmpPort), chunk_size: 60_000, gop_cache: true },
  http: { port: Number(httpPort), allow_origin: '*' },
  auth: { play: false, publish: false, secret: 'unused' },
  webadmin: { enable: false },
  store: { path: folder },
  record: { path: folder, auto: false },
}).run()
