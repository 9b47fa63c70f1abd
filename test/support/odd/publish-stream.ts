/** Streams through the real server into a real recording: what an encoder sends is what is in the log. */
import { joinParts } from '../../../src/formats/rtmp/message.ts'
import { AUDIO, type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import type { PublishGate } from '../../../src/ingest/publish-gate.ts'
import type { SessionId } from '../../../src/kernel/ids.ts'
import type { Recorder } from '../../../src/recording/recorder.ts'
import { broadcastId } from '../packaged-video.ts'
import { makeRtmpServer } from '../rtmp/test-server.ts'
import { RtmpClient } from '../rtmp-client.ts'

const CHUNK_BYTES = 4096
const STREAM_ID = 1

/** Admits everybody to one broadcast, a session after the other. */
function recordingGate(recorder: Recorder): PublishGate {
  let sessions = 0
  return {
    async admit() {
      const sessionId = `session-${sessions++}` as SessionId
      const log = await recorder.openSession({ broadcastId, sessionId, firstPart: 0 })
      return {
        admitted: true,
        session: {
          sessionId,
          streamName: 'channel',
          write: (message) => log.write(message),
          flush: () => log.flush(),
          onDrain: (listener) => log.onDrain(listener),
          onStop: () => undefined,
          close: () => log.close(),
        },
      }
    },
  }
}

/** Publishes each list of messages as one connection, one after the other; resolves when all is on disk. */
export async function publishStreams(
  recorder: Recorder,
  sessions: readonly (readonly MediaMessage[])[],
): Promise<void> {
  await using server = makeRtmpServer({
    gate: recordingGate(recorder),
  })
  const port = await server.listen()
  for (const messages of sessions) await publishStream(port, messages)
}

/** Leaves when everything is sent, and waits until the server has read and closed it. */
export async function publishStream(
  port: number,
  messages: readonly MediaMessage[],
  name = 'key',
  leaving: 'goodbye' | 'dropped' = 'goodbye',
): Promise<void> {
  const client = await RtmpClient.connected(port, { app: 'live', tcUrl: `rtmp://127.0.0.1:${port}/live` })
  const size = Buffer.alloc(4)
  size.writeUInt32BE(CHUNK_BYTES)
  client.send({ csid: 2, type: 1, timestampMs: 0, streamId: 0, body: size })
  client.command(STREAM_ID, 'publish', 3, null, name, 'live')
  await client.status('NetStream.Publish.Start')
  for (const { type, timestampMs, parts, byteLength } of messages) {
    const csid = type === VIDEO ? 6 : type === AUDIO ? 4 : 5
    const body = joinParts(parts, byteLength)
    client.send({ csid, type, timestampMs, streamId: STREAM_ID, body }, CHUNK_BYTES)
    if (client.socket.writableNeedDrain)
      await Promise.race([new Promise((resolve) => client.socket.once('drain', resolve)), client.closed])
  }
  if (leaving === 'goodbye') client.command(0, 'deleteStream', 4, null, STREAM_ID)
  client.socket.end()
  await client.closed
}
