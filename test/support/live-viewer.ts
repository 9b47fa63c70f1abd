/** Viewers of a live stream by each protocol: what they got, and that they can stop reading. */
import http from 'node:http'
import { WebSocket } from 'ws'
import { FlvFrames, frameName } from './live-encoder.ts'
import { RtmpClient } from './rtmp-client.ts'

export interface TestViewer {
  /** Names of the frames it got whole (live-encoder.ts). */
  readonly frames: readonly string[]
  /** Resolves when the connection is over, by whomever. */
  readonly closed: Promise<unknown>
  /** Reads nothing more until `resume`. */
  pause(): void
  resume(): void
  leave(): void
}

export const PROTOCOLS = ['RTMP', 'HTTP-FLV', 'WebSocket-FLV'] as const
export type Protocol = (typeof PROTOCOLS)[number]

export interface LivePorts {
  readonly rtmpPort: number
  readonly webPort: number
}

/** Resolves when it is let in. */
export function watchLive(protocol: Protocol, ports: LivePorts, channel: string): Promise<TestViewer> {
  const web = `127.0.0.1:${ports.webPort}/live/${channel}.flv`
  if (protocol === 'RTMP') return watchRtmp(ports.rtmpPort, channel)
  return protocol === 'HTTP-FLV' ? watchHttp(`http://${web}`) : watchSocket(`ws://${web}`)
}

async function watchRtmp(port: number, channel: string): Promise<TestViewer> {
  const client = await RtmpClient.connected(port)
  client.command(1, 'play', 3, null, channel)
  await client.status('NetStream.Play.Start')
  const { socket, closed } = client
  return {
    get frames() {
      const media = client.answers.filter(({ type }) => [8, 9, 18].includes(type))
      return media.map(({ type, body }) => frameName(type, body))
    },
    closed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    leave: () => client.close(),
  }
}

function watchHttp(url: string): Promise<TestViewer> {
  const flv = new FlvFrames()
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      const closed = new Promise<void>((gone) => response.once('close', () => gone()))
      response.on('error', () => {})
      response.on('data', (bytes: Buffer) => flv.push(bytes))
      resolve({
        frames: flv.names,
        closed,
        pause: () => response.pause(),
        resume: () => response.resume(),
        leave: () => request.destroy(),
      })
    })
    request.on('error', reject)
  })
}

function watchSocket(url: string): Promise<TestViewer> {
  const flv = new FlvFrames()
  const socket = new WebSocket(url)
  const closed = new Promise<void>((gone) => socket.once('close', () => gone()))
  socket.on('message', (bytes: Buffer) => flv.push(bytes))
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.once('open', () =>
      resolve({
        frames: flv.names,
        closed,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        leave: () => socket.terminate(),
      }),
    )
  })
}
