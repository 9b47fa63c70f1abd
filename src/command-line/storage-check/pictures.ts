/** Posters, previews and storyboards against what the videos say they have: all of them can be made again. */
import type { InventoriedVideo, Inventory } from '../../database/inventory.ts'
import type { VideoId } from '../../kernel/ids.ts'
import { type MediaKey, mediaKeys } from '../../media/layout.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Discrepancy } from './discrepancy.ts'

export interface PicturesToCompare {
  readonly store: MediaStore
  readonly inventory: Inventory
  /** Asks for the poster, the preview and the storyboard of a video's media. */
  readonly remakePictures: (mediaId: VideoId) => Promise<void>
}

export async function comparePictures(options: PicturesToCompare): Promise<Discrepancy[]> {
  const { inventory, store, remakePictures } = options
  const found: Discrepancy[] = []
  for (const video of await inventory.videos()) {
    if (video.deleted || !video.timelineComplete) continue
    const places = await Promise.all(keysOf(video).map(async (key) => (await store.stat(key)) !== undefined))
    const lost = places.filter((isThere) => !isThere).length
    if (lost === 0) continue
    const run = async () => {
      await inventory.picturesLost(video.id)
      await remakePictures(video.mediaId)
    }
    found.push({
      subject: `pictures of video ${video.id}`,
      state: 'note',
      text: `"${video.title}": ${lost} of its posters, previews and storyboard sheets are gone`,
      repair: { what: 'have them made again', run },
    })
  }
  return found
}

function keysOf({
  mediaId,
  hasPoster,
  posterName,
  previewName,
  storyboardSheets,
}: InventoriedVideo): MediaKey[] {
  const posters =
    posterName === null
      ? [mediaKeys.poster(mediaId)]
      : [
          mediaKeys.posterPicture(mediaId, posterName, 'page'),
          mediaKeys.posterPicture(mediaId, posterName, 'card'),
        ]
  return [
    ...(hasPoster ? posters : []),
    ...(previewName === null ? [] : [mediaKeys.preview(mediaId, previewName)]),
    ...Array.from({ length: storyboardSheets }, (_, number) => mediaKeys.storyboardSheet(mediaId, number)),
  ]
}
