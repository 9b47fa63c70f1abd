/** Whether an upload's sound and pictures stay as far apart as in its file. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import type { VideoId } from '../../src/kernel/ids.ts'
import { mediaKeys } from '../../src/media/layout.ts'
import { parseTimeline } from '../../src/packaging/timeline.ts'
import { FLASHES, findBeeps, findFlashes, makeFlashes } from './flashes.ts'
import { joinRendition, readPackets } from './media.ts'
import { addUpload, type TestPipeline, untilSettled } from './pipeline.ts'

const MOST_SECONDS = 0.02
/** Of what an encoder of the source adds by itself. */
const SOURCE_SECONDS = 0.06

/** Makes the file, and looks at its start, middle and end. `lateBy`: seconds that it is heard after it is seen. */
export async function expectInStep(
  pipeline: TestPipeline,
  name: string,
  codecs: readonly string[],
  expected: { readonly timelineKind: 'measured' | 'planned'; readonly lateBy: number },
): Promise<void> {
  const { timelineKind, lateBy } = expected
  const file = await makeFlashes(path.join(pipeline.storageDir, name), codecs, { lateBy })
  const videoId = await addUpload(pipeline, file)
  const video = await untilSettled(pipeline, videoId)
  expect(video).toMatchObject({ state: 'ready', timelineKind })
  const picture = video.renditions.find(({ kind }) => kind !== 'audio')?.name ?? ''
  const timeline = parseTimeline((await pipeline.store.read(mediaKeys.timeline(videoId)))?.toString() ?? '')
  const [seen, heard] = [await fileOf(pipeline, videoId, picture), await fileOf(pipeline, videoId, 'audio')]
  const made = await offsets(seen, heard, timeline.segments[0]?.start ?? 0)
  const told = await offsets(file, file, (await readPackets(file))[0]?.pts ?? 0)
  for (const [i, offset] of made.entries())
    expect(Math.abs(offset - (told[i] ?? 0)), `${made} instead of ${told}`).toBeLessThanOrEqual(MOST_SECONDS)
  expect(Math.abs((told[0] ?? 0) - lateBy)).toBeLessThan(SOURCE_SECONDS)
}

async function fileOf(pipeline: TestPipeline, videoId: VideoId, rendition: string): Promise<string> {
  const file = path.join(pipeline.storageDir, `${videoId}-${rendition}.mp4`)
  await writeFile(file, await joinRendition(pipeline.store, videoId, rendition))
  return file
}

/** Seconds that each beep comes after its flash; `begins`: when the first picture is shown. */
async function offsets(picture: string, sound: string, begins: number): Promise<readonly number[]> {
  const [flashes, beeps] = await Promise.all([findFlashes(picture), findBeeps(sound)])
  expect([flashes.length, beeps.length]).toEqual([FLASHES.length, FLASHES.length])
  return flashes.map((flash, i) => (beeps[i] ?? Number.NaN) - flash - begins)
}

export const H264_AAC: readonly string[] = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-b_strategy', '0', '-pix_fmt', 'yuv420p'],
  ...['-g', '40', '-keyint_min', '40', '-sc_threshold', '0', '-c:a', 'aac'],
]
export const MPEG4_AAC: readonly string[] = ['-c:v', 'mpeg4', '-bf', '2', '-g', '40', '-c:a', 'aac']
