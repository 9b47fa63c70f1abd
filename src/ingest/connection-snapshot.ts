/** What is shown of a connection: a line for each message stream in use; one alone when there is none. */
import type { MediaStats } from './connection-stats.ts'
import type { SessionState, StreamUse } from './session-state.ts'
import { StreamMeter } from './stream-meter.ts'
import type { StreamRoles } from './stream-roles.ts'

/** Of who sends none. */
const NO_MEDIA: MediaStats = {
  audioFrames: 0,
  videoFrames: 0,
  keyframes: 0,
  keyframeIntervalMs: undefined,
  bitsPerSecond: 0,
  signal: new StreamMeter(0).signal(0),
}

/** A message stream in use, or a connection without one. */
export interface ConnectionSnapshot extends MediaStats {
  /** The connection's: several streams of one share it. */
  readonly id: string
  readonly remoteAddress: string
  readonly phase: SessionState['phase'] | StreamUse['phase']
  /** Public name of what is published or played. */
  readonly streamName: string | undefined
  readonly encoder: string
  readonly connectedMs: number
  readonly receivedBytes: number
  readonly sentBytes: number
  /** By RTMP's ping; undefined while the peer has answered none. */
  readonly roundTripMs: number | undefined
}

type OfConnection = Omit<ConnectionSnapshot, keyof MediaStats | 'encoder' | 'phase' | 'streamName'>

export function snapshotStreams(
  ofConnection: OfConnection,
  state: SessionState,
  roles: Pick<StreamRoles, 'streamName' | 'stats'>,
): ConnectionSnapshot[] {
  const encoder = state.phase === 'connected' ? state.client.encoder : ''
  if (state.phase !== 'connected' || state.streams.size === 0)
    return [{ ...ofConnection, encoder, phase: state.phase, streamName: undefined, ...NO_MEDIA }]
  return [...state.streams].map(([streamId, use]) => ({
    ...ofConnection,
    encoder,
    phase: use.phase,
    streamName: 'streamName' in use ? use.streamName : roles.streamName(streamId),
    ...(roles.stats(streamId) ?? NO_MEDIA),
  }))
}
