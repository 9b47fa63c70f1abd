/** The media store against the videos: everything in it can be made again from recordings and uploaded files. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { InventoriedVideo, Inventory } from '../../database/inventory.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { AUDIO_RENDITION, mediaKeys, ORIGINAL, type StoragePaths } from '../../media/layout.ts'
import type { MediaStore } from '../../media/store.ts'
import { parseTimeline } from '../../packaging/timeline.ts'
import { partsOnDisk } from '../../recording/broadcast-log.ts'
import type { Discrepancy } from './discrepancy.ts'
import { absent, foldersIn } from './recordings.ts'

export interface MediaToCompare {
  readonly paths: StoragePaths
  readonly mediaDir: string
  readonly store: MediaStore
  readonly inventory: Inventory
  /** Asks for everything of a video to be made again. */
  readonly rebuild: (videoId: VideoId) => Promise<void>
}

export async function compareMedia(options: MediaToCompare): Promise<Discrepancy[]> {
  const { mediaDir, inventory, store } = options
  const folders = (await foldersIn(mediaDir)).filter((name) => !name.startsWith('.'))
  const videos = await inventory.videos()
  const known = new Set<string>(videos.flatMap(({ id, editions }) => [id, ...editions]))
  const found: Discrepancy[] = folders
    .filter((folder) => !known.has(folder))
    .map((folder) => ({
      subject: `media ${folder}`,
      state: 'note',
      text: 'belongs to no video',
      repair: { what: 'remove it', run: () => store.remove(mediaKeys.video(folder as VideoId)) },
    }))
  for (const video of videos) {
    if (video.deleted || video.state === 'failed' || !video.timelineComplete) continue
    const lacking = await whatIsLacking(options, video)
    if (lacking !== undefined) found.push(await lackingMedia(options, video, lacking))
  }
  return found
}

async function lackingMedia(
  { paths, rebuild, inventory }: MediaToCompare,
  { id, title, broadcastId, upload }: InventoriedVideo,
  lacking: string,
): Promise<Discrepancy> {
  const subject = `video ${id}`
  const source = upload
    ? (await stat(path.join(paths.root, upload.path)).catch(absent)) !== undefined
    : broadcastId !== undefined && (await partsOnDisk(paths.recording(broadcastId))).length > 0
  const text = `"${title}": ${lacking}`
  const repair = async () => {
    // What is whole is shown until the new is: this is not, and is replaced as soon as there is anything.
    await inventory.mediaLost(id)
    await rebuild(id)
  }
  return source
    ? { subject, state: 'bad', text, repair: { what: 'have it made again', run: repair } }
    : {
        subject,
        state: 'bad',
        text: `${text}\nIts source is gone too: put the files back from a backup, or delete the video.`,
      }
}

/** In words; undefined: everything that players ask for first is there. */
async function whatIsLacking(
  { store }: MediaToCompare,
  { mediaId: id }: InventoriedVideo,
): Promise<string | undefined> {
  const bytes = await store.read(mediaKeys.timeline(id))
  if (!bytes) return 'its timeline is gone'
  const { segments } = parseTimeline(bytes.toString('utf8'))
  const lost = await Promise.all([
    lostOf(
      store,
      id,
      ORIGINAL,
      segments.filter((one) => one.videoBytes > 0).map((one) => one.number),
    ),
    lostOf(
      store,
      id,
      AUDIO_RENDITION,
      segments.filter((one) => one.audioBytes > 0).map((one) => one.number),
    ),
  ])
  const count = lost.reduce((sum, one) => sum + one, 0)
  return count > 0 ? `${count} of its segments are gone` : undefined
}

/** How many of these segments are not there. A store elsewhere is trusted. */
async function lostOf(
  store: MediaStore,
  id: VideoId,
  rendition: string,
  numbers: readonly number[],
): Promise<number> {
  const folder = store.localPath(mediaKeys.rendition(id, rendition))
  if (numbers.length === 0 || folder === undefined) return 0
  const there = new Set((await readdir(folder).catch(absent)) ?? [])
  return numbers.filter((number) => !there.has(`${number}.m4s`)).length
}
