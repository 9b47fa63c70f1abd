/**
 * What the web asks of ingest while something is on air: in the same program, or in another one on this
 * machine (ingest-link.ts, remote-ingest.ts).
 */
import type { Writable } from 'node:stream'
import type { Sample } from '../delivery/metrics.ts'
import { streamFlv } from '../ingest/flv-output.ts'
import type { SignalSample } from '../ingest/stream-meter.ts'
import type { BroadcastId } from '../kernel/ids.ts'
import type { StreamHealth } from '../library/broadcasts/stream-health.ts'
import type { Broadcasting } from './broadcasting.ts'

/** A broadcast on air as its creator's page shows it. */
export interface OnAirNow {
  readonly unheard: boolean
  readonly health: StreamHealth | null
  readonly history: readonly SignalSample[]
  readonly recordedBytes: number
  readonly recordedSeconds: number
}

export interface IngestSide {
  onAirOf(broadcastId: BroadcastId): OnAirNow | undefined
  /** Resolves when the replay is complete. False: it is not on air. Throws AppError `not-ready` when ingest is away. */
  endBroadcast(broadcastId: BroadcastId): Promise<boolean>
  /** Throws AppError `not-found`, with nothing written, when the stream is not live; `not-ready` when ingest is away. */
  streamFlv(streamName: string, out: Writable, signal: AbortSignal): Promise<unknown>
  isStreaming(streamName: string): boolean
  /** For /metrics. */
  samples(): readonly Sample[]
}

export function localIngest(broadcasting: Broadcasting): IngestSide {
  const { hub, broadcasts } = broadcasting
  return {
    onAirOf: broadcasting.onAirOf,
    endBroadcast: (id) => broadcasts.end(id),
    streamFlv: (streamName, out, signal) => streamFlv(hub, streamName, out, signal),
    isStreaming: (streamName) => hub.isLive(streamName),
    samples: () => ingestSamples(broadcasting),
  }
}

function ingestSamples({ rtmp, disk }: Broadcasting): Sample[] {
  const { connections, streams } = rtmp.snapshot()
  // Several streams of one connection are listed each.
  const open = new Set(connections.map(({ id }) => id))
  // Also those whose broadcast was ended while they go on sending.
  const publishing = connections.filter(({ phase }) => phase === 'publishing' || phase === 'discarding')
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  return [
    { name: 'reprise_ingest_connections', help: 'Open RTMP connections', value: open.size },
    { name: 'reprise_ingest_publishers', help: 'Encoders connected', value: publishing.length },
    {
      name: 'reprise_ingest_bits_per_second',
      help: 'Received from encoders',
      value: total(publishing.map(({ bitsPerSecond }) => bitsPerSecond)),
    },
    {
      name: 'reprise_live_viewers',
      help: 'Viewers of RTMP, HTTP-FLV and WebSocket-FLV',
      value: total(streams.map(({ viewers }) => viewers)),
    },
    {
      name: 'reprise_storage_free_bytes',
      help: 'Free space for recordings',
      value: disk.state?.freeBytes ?? 0,
    },
  ]
}
