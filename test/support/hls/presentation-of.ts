/** The playlists of a video as delivery would send them now, with the sizes of what is made. */
import { makeFindKeyframes } from '../../../src/database/chunk-keyframes.ts'
import type { Database } from '../../../src/database/client.ts'
import { makeVideoStore } from '../../../src/database/videos.ts'
import { makePlaylists } from '../../../src/delivery/media/playlists.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import type { MediaStore } from '../../../src/media/store.ts'
import { TimelineCache } from '../../../src/packaging/timeline-cache.ts'
import { findFaults } from './find-faults.ts'
import { readPlaylist } from './playlist-text.ts'
import type { Presentation } from './presentation.ts'

export async function presentationOf(
  { database, store }: { readonly database: Database; readonly store: MediaStore },
  videoId: VideoId,
): Promise<Presentation> {
  const video = await makeVideoStore(database).find(videoId)
  if (!video) throw new Error('there is no such video')
  const playlists = makePlaylists(new TimelineCache(store), makeFindKeyframes(database))
  const multivariant = (await playlists.multivariant(video, { nearLive: false, withPictures: false }))?.text
  if (multivariant === undefined) throw new Error('nothing of it can be played')
  const uris = [...multivariant.matchAll(/^([^#\n]+)$|URI="([^"]+)"/gm)].map(
    ([, line, quoted]) => line ?? quoted ?? '',
  )
  const media: Record<string, string> = {}
  const sizes: Record<string, readonly number[]> = {}
  for (const uri of new Set(uris)) {
    const [name = '', file] = uri.split('/')
    const playlist =
      file === 'iframes.m3u8' ? await playlists.iFrames(video, name) : await playlists.media(video, name)
    if (!playlist) continue
    media[uri] = playlist.text
    const found = await Promise.all(
      readPlaylist(playlist.text).segments.map(({ uri: segment }) =>
        store.stat(mediaKeys.segment(videoId, name, Number.parseInt(segment, 10))),
      ),
    )
    const made = found.flatMap((stat) => stat?.bytes ?? [])
    if (made.length === found.length && made.length > 0) sizes[uri] = made
  }
  return { multivariant, media, sizes }
}

/** Faults of everything that plays, by video. */
export async function faultsOfAll(pipeline: {
  readonly database: Database
  readonly store: MediaStore
}): Promise<readonly string[]> {
  const videos = await pipeline.database.video.findMany({
    where: { playable: true },
    select: { id: true, state: true },
  })
  if (videos.length === 0) throw new Error('nothing plays')
  const faults: string[] = []
  for (const { id, state } of videos) {
    const presentation = await presentationOf(pipeline, id as VideoId)
    faults.push(
      ...findFaults({ ...presentation, scrubbed: state === 'ready' }).map((fault) => `${id} ${fault}`),
    )
  }
  return faults
}
