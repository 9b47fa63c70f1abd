/** An RTMP server for a test: on a free port of this machine, where everybody may watch and nothing is logged. */
import { LiveHub } from '../../../src/ingest/live-hub.ts'
import { RtmpServer, type RtmpServerOptions } from '../../../src/ingest/rtmp-server.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'

export function makeRtmpServer(
  own: Pick<RtmpServerOptions, 'gate'> & Partial<RtmpServerOptions>,
): RtmpServer {
  return new RtmpServer({
    host: '127.0.0.1',
    port: 0,
    playGate: { mayPlay: () => Promise.resolve(true) },
    hub: new LiveHub(),
    logger: makeLogger('silent'),
    ...own,
  })
}
