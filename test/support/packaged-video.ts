/** A recording or upload packaged for a test: run, played back through playlists, looked at byte by byte. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { renderMediaPlaylist } from '../../src/formats/hls/media-playlist.ts'
import type { MediaMessage } from '../../src/ingest/media-message.ts'
import type { BroadcastId, SessionId, VideoId } from '../../src/kernel/ids.ts'
import { FileStore } from '../../src/media/file-store.ts'
import { makeStoragePaths, mediaKeys } from '../../src/media/layout.ts'
import { parseTimeline, type Timeline } from '../../src/packaging/timeline.ts'
import { readLog } from '../../src/recording/log-reader.ts'
import { Recorder } from '../../src/recording/recorder.ts'
import type { ClosedPart } from '../../src/recording/recording-ledger.ts'

export const video = 'v' as VideoId
export const broadcastId = 'b' as BroadcastId

export function makeRecorder(
  folder: string,
  partClosed: (part: ClosedPart) => void = () => undefined,
): Recorder {
  return new Recorder({
    paths: makeStoragePaths(folder),
    ledger: { partOpened: () => undefined, partClosed },
  })
}

/** The tags of an FLV as an encoder would send them. */
export async function messagesOf(flv: string): Promise<MediaMessage[]> {
  const messages: MediaMessage[] = []
  for await (const tags of readLog(flv, { foreign: true })) {
    for (const { type, timestampMs, body } of tags) {
      messages.push({
        type: type as MediaMessage['type'],
        timestampMs,
        parts: [body],
        byteLength: body.byteLength,
      })
    }
  }
  return messages
}

/** Each list of messages is one session. */
export async function record(
  recorder: Recorder,
  ...sessions: readonly (readonly MediaMessage[])[]
): Promise<void> {
  for (const [index, messages] of sessions.entries()) {
    const log = await recorder.openSession({ broadcastId, sessionId: `s${index}` as SessionId, firstPart: 0 })
    for (const message of messages) log.write(message)
    await log.close()
  }
}

export function makeStore(folder: string): FileStore {
  return new FileStore(path.join(folder, 'media'))
}

export async function timelineOf(store: FileStore): Promise<Timeline> {
  return parseTimeline((await store.read(mediaKeys.timeline(video)))?.toString('utf8') ?? '')
}

/** Writes the playlist of a rendition beside its segments; returns its path. */
export async function writePlaylist(store: FileStore, rendition: 'original' | 'audio'): Promise<string> {
  const { segments, ended } = await timelineOf(store)
  const file = path.join(store.localPath(mediaKeys.rendition(video, rendition)), 'index.m3u8')
  await writeFile(
    file,
    renderMediaPlaylist({
      ended,
      segments: segments.map((segment) => ({
        uri: `${segment.number}.m4s`,
        duration: segment.duration,
        map: `init-${segment.init}.mp4`,
        discontinuity: segment.discontinuity,
      })),
    }),
  )
  return file
}

/** Every file of the video by name, playlists apart. */
export async function filesOf(store: FileStore): Promise<Map<string, string>> {
  const root = store.localPath(mediaKeys.video(video))
  const names = await readdir(root, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && !entry.name.endsWith('.m3u8'))
  const content = await Promise.all(
    files.map(async (entry) => {
      const file = path.join(entry.parentPath, entry.name)
      return [path.relative(root, file), (await readFile(file)).toString('base64')] as const
    }),
  )
  return new Map(content.sort(([a], [b]) => a.localeCompare(b)))
}
