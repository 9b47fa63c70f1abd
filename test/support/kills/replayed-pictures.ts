/** How many pictures the replay of a broadcast shows, once it is complete. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { countPackets } from '../ffmpeg.ts'
import { type Program, until } from '../program.ts'

/** Waits for the end of the original's playlist; counts the packets of each run of segments with one configuration. */
export async function replayedPictures(program: Program, videoId: string, folder: string): Promise<number> {
  const video = await program.api<Video>(`/videos/${videoId}`)
  const playlistUrl = new URL('original/index.m3u8', new URL(video.playback.hls ?? '', program.site))
  const playlist = await until(
    async () => (await fetch(playlistUrl)).text(),
    (text) => text.includes('#EXT-X-ENDLIST'),
    60_000,
  )
  let pictures = 0
  let run: Buffer[] = []
  const count = async () => {
    if (run.length < 2) return
    const file = path.join(folder, 'run.mp4')
    await writeFile(file, Buffer.concat(run))
    pictures += await countPackets(file)
  }
  for (const line of playlist.split('\n')) {
    const map = /^#EXT-X-MAP:URI="([^"]+)"/.exec(line)?.[1]
    if (map !== undefined) {
      await count()
      run = [await read(new URL(map, playlistUrl))]
    } else if (line !== '' && !line.startsWith('#')) {
      run.push(await read(new URL(line, playlistUrl)))
    }
  }
  await count()
  return pictures
}

async function read(url: URL): Promise<Buffer> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
