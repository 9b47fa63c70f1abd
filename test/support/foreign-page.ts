/** A page of another site with a player of its own, mpegts.js, hls.js or Shaka Player, on an address of ours. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** As its documentation advises for a short delay. */
const MPEGTS = `
const settings = { enableStashBuffer: false, liveBufferLatencyChasing: true }
const player = mpegts.createPlayer({ type: 'flv', isLive: true, cors: true, url }, settings)
player.on(mpegts.Events.ERROR, (type, detail) => window.faults.push(type + ': ' + detail))
player.on(mpegts.Events.LOADING_COMPLETE, () => { window.isOver = true })
player.attachMediaElement(video)
player.load()`

/** With nothing set. */
const HLS = `
const player = new Hls()
player.on(Hls.Events.ERROR, (_, { details, fatal }) => (fatal ? window.faults : window.stalls).push(details))
player.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => { if (!details.live) window.isOver = true })
window.qualities = () => player.levels.map(({ height, videoCodec }, id) => ({ id, height, codec: videoCodec }))
window.choose = (id) => { player.currentLevel = id }
player.attachMedia(video)
player.loadSource(url)`

/** With nothing set. */
const SHAKA = `
shaka.polyfill.installAll()
const player = new shaka.Player()
player.addEventListener('error', ({ detail }) => window.faults.push('shaka ' + detail.code + ' ' + JSON.stringify(detail.data)))
window.qualities = () => player.getVariantTracks().map(({ id, height, videoCodec }) => ({ id, height, codec: videoCodec }))
window.choose = (id) => {
  player.configure({ abr: { enabled: false } })
  player.selectVariantTrack(player.getVariantTracks().find((track) => track.id === id), true)
}
setInterval(() => { if (player.getManifest() && !player.isLive()) window.isOver = true }, 500)
player.attach(video).then(() => player.load(url)).catch((error) => window.faults.push('shaka ' + error.code))`

const PLAYERS = { mpegts: MPEGTS, hls: HLS, shaka: SHAKA } as const
export type ForeignPlayer = keyof typeof PLAYERS

const SCRIPTS: Readonly<Record<ForeignPlayer, Buffer>> = {
  mpegts: readFileSync(fileURLToPath(import.meta.resolve('mpegts.js'))),
  hls: readFileSync(path.join(path.dirname(fileURLToPath(import.meta.resolve('hls.js'))), 'hls.min.js')),
  shaka: readFileSync(fileURLToPath(import.meta.resolve('shaka-player'))),
}

function pageOf(player: ForeignPlayer): string {
  return `<!doctype html><video muted autoplay></video><script src="/${player}.js"></script><script>
const url = decodeURIComponent(location.hash.slice(1))
const video = document.querySelector('video')
window.faults = []
window.stalls = []
${PLAYERS[player]}
// A player that begins to load takes it back; the element plays by itself when it can.
video.play().catch((error) => error.name === 'AbortError' || window.faults.push(error.message))
</script>`
}

export interface ForeignSite extends AsyncDisposable {
  /** The page that plays this address. */
  page(player: ForeignPlayer, address: string): string
}

export async function startForeignSite(): Promise<ForeignSite> {
  const server = http.createServer((request, response) => {
    const [, player, extension] = /^\/(mpegts|hls|shaka)(\.js)?$/.exec(request.url ?? '') ?? []
    response.setHeader('content-type', extension ? 'text/javascript' : 'text/html')
    if (player === 'mpegts' || player === 'hls' || player === 'shaka')
      response.end(extension ? SCRIPTS[player] : pageOf(player))
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    page: (player, address) => `http://127.0.0.1:${port}/${player}#${encodeURIComponent(address)}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
