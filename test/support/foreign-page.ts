/** A page of another site with a player of its own: mpegts.js on an address of ours. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

const SCRIPT = readFileSync(fileURLToPath(import.meta.resolve('mpegts.js')))

/** As its documentation advises for a short delay. */
const PAGE = `<!doctype html><video muted autoplay></video><script src="/mpegts.js"></script><script>
const url = decodeURIComponent(location.hash.slice(1))
const source = { type: 'flv', isLive: true, cors: true, url }
const settings = { enableStashBuffer: false, liveBufferLatencyChasing: true }
const player = mpegts.createPlayer(source, settings)
window.faults = []
player.on(mpegts.Events.ERROR, (type, detail) => window.faults.push(type + ': ' + detail))
player.on(mpegts.Events.LOADING_COMPLETE, () => { window.isOver = true })
player.attachMediaElement(document.querySelector('video'))
player.load()
player.play().catch((error) => window.faults.push(error.message))
</script>`

export interface ForeignSite extends AsyncDisposable {
  /** The page that plays this FLV, by http: or ws:. */
  page(flv: string): string
}

export async function startForeignSite(): Promise<ForeignSite> {
  const server = http.createServer((request, response) => {
    const isScript = request.url === '/mpegts.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? SCRIPT : PAGE)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    page: (flv) => `http://127.0.0.1:${port}/#${encodeURIComponent(flv)}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
