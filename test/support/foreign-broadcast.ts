/** Broadcasts in codecs that browsers do not play: recorded, packaged and encoded by a real pipeline. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { LiveHub } from '../../src/ingest/live-hub.ts'
import type { MediaMessage } from '../../src/ingest/media-message.ts'
import { type BroadcastId, newId, type SessionId, type VideoId } from '../../src/kernel/ids.ts'
import { packageBroadcast } from '../../src/packaging/package-broadcast.ts'
import type { TimelineInit, TimelineSegment } from '../../src/packaging/timeline.ts'
import { FakePublishGate } from './fake-publish-gate.ts'
import { joinRendition } from './media.ts'
import { makeRecorder } from './packaged-video.ts'
import { addVideo, type TestPipeline, untilSettled } from './pipeline.ts'
import { makeRtmpServer } from './rtmp/test-server.ts'

const FIXTURES = path.join(import.meta.dirname, '../fixtures/enhanced-sessions')

/** What a captured session of an encoder sends. */
export async function captured(name: string): Promise<readonly MediaMessage[]> {
  const gate = new FakePublishGate({ 'the-key': 'channel' })
  const hub = new LiveHub()
  const playGate = { mayPlay: () => Promise.resolve(true) }
  const server = makeRtmpServer({
    gate,
    playGate,
    hub,
  })
  const socket = net.connect(await server.listen(), '127.0.0.1')
  socket.resume()
  socket.write(readFileSync(path.join(FIXTURES, `${name}.bin`)))
  const session = await gate.session()
  await session.closed
  socket.destroy()
  await server.close()
  hub.close()
  return session.messages.map(({ type, timestampMs, body }) => ({
    type,
    timestampMs,
    parts: [body],
    byteLength: body.byteLength,
  }))
}

/** The replay of a broadcast of one session, planned while it is packaged; the pipeline has to be at work. */
export async function replayOf(pipeline: TestPipeline, messages: readonly MediaMessage[]) {
  const videoId = await addVideo(pipeline.database)
  const broadcastId = newId() as BroadcastId
  const recorder = makeRecorder(pipeline.storageDir)
  const recording = await recorder.openSession({ broadcastId, sessionId: 's' as SessionId, firstPart: 0 })
  for (const message of messages) recording.write(message)
  await recording.close()
  const planned: Promise<void>[] = []
  const grown = (entry: TimelineInit | TimelineSegment) => {
    planned.push(pipeline.planner.extendTimeline(videoId, entry))
  }
  await packageBroadcast({
    log: recorder.finishedLog(broadcastId),
    video: videoId,
    store: pipeline.store,
    onInit: grown,
    onSegment: grown,
  })
  await Promise.all(planned)
  await pipeline.planner.completeTimeline(videoId)
  return untilSettled(pipeline, videoId)
}

/** A rendition of it as one file. */
export async function fileOf(pipeline: TestPipeline, videoId: VideoId, rendition: string): Promise<string> {
  const file = path.join(pipeline.storageDir, `${videoId}-${rendition}.mp4`)
  await writeFile(file, await joinRendition(pipeline.store, videoId, rendition))
  return file
}
