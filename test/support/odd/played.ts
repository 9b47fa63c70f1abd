/**
 * A packaged video as a player gets it: its stretches of one decoder configuration each, every packet
 * with the time it is shown at, and every picture and sound decoded by ffmpeg.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny'
import type { FileStore } from '../../../src/media/file-store.ts'
import { AUDIO_RENDITION, type MediaKey, mediaKeys, ORIGINAL } from '../../../src/media/layout.ts'
import type { TimelineSegment } from '../../../src/packaging/timeline.ts'
import { timelineOf, video } from '../packaged-video.ts'

const run = promisify(execFile)

export interface PlayedPacket {
  /** Seconds on the timeline. */
  readonly pts: number
  readonly hash: string
}

export interface Played {
  readonly video: readonly PlayedPacket[]
  readonly audio: readonly PlayedPacket[]
  /** Pictures that came out of the decoder. */
  readonly decodedPictures: number
  /** Seconds of sound that came out of the decoder. */
  readonly decodedSeconds: number
  /** What the decoder complained of; empty when all was well. */
  readonly complaints: string
}

interface StretchFile {
  readonly kind: 'video' | 'audio'
  readonly file: string
  /** Black or silence where the source has none: must decode, and does not count. */
  readonly isFiller: boolean
}

/** `folder`: for what is put together. */
export async function play(store: FileStore, folder: string): Promise<Played> {
  const { segments, inits } = await timelineOf(store)
  const found: Record<'video' | 'audio', PlayedPacket[]> = { video: [], audio: [] }
  const files: StretchFile[] = []
  for (const [index, stretch] of stretches(segments).entries()) {
    const init = inits.find((one) => one.init === stretch[0]?.init)
    for (const kind of ['video', 'audio'] as const) {
      // A rendition that the video has anywhere has a file for every segment.
      if (!inits.some((one) => one[kind])) continue
      const bytes = await join(store, kind === 'video' ? ORIGINAL : AUDIO_RENDITION, stretch)
      const file = path.join(folder, `${kind}-${index}.mp4`)
      await writeFile(file, bytes)
      files.push({ kind, file, isFiller: !init?.[kind] })
      if (!init?.[kind]) continue
      found[kind].push(...(await packets(bytes)))
    }
  }
  const decoded = await decode(files)
  return { ...found, ...decoded }
}

/** The hash of a packet's bytes as `PlayedPacket` has it. */
export function hashOf(data: Uint8Array): string {
  return createHash('md5').update(data).digest('hex')
}

/** Runs of segments that are played without a break of the decoder. */
function stretches(segments: readonly TimelineSegment[]): TimelineSegment[][] {
  const found: TimelineSegment[][] = []
  for (const segment of segments) {
    const last = found.at(-1)
    if (!last || segment.discontinuity || segment.init !== last[0]?.init) found.push([segment])
    else last.push(segment)
  }
  return found
}

async function join(
  store: FileStore,
  rendition: string,
  stretch: readonly TimelineSegment[],
): Promise<Buffer> {
  const read = (key: MediaKey) => readFile(store.localPath(key))
  const parts = [await read(mediaKeys.init(video, rendition, stretch[0]?.init))]
  for (const { number } of stretch) parts.push(await read(mediaKeys.segment(video, rendition, number)))
  return Buffer.concat(parts)
}

async function packets(bytes: Buffer): Promise<PlayedPacket[]> {
  using input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS })
  const [track] = await input.getTracks()
  if (!track) return []
  const found: PlayedPacket[] = []
  for await (const { timestamp, data } of new EncodedPacketSink(track).packets())
    found.push({ pts: timestamp, hash: hashOf(data) })
  return found
}

/** All of them in one process: starting it is what takes time. */
async function decode(files: readonly StretchFile[]) {
  const inputs = files.flatMap(({ file }) => ['-i', file])
  const outputs = files.flatMap(({ kind, file }, index) => [
    ...['-map', `${index}:${kind === 'video' ? 'v' : 'a'}`],
    ...(kind === 'video' ? ['-vsync', 'passthrough'] : ['-ar', '8000']),
    ...['-f', 'framecrc', `${file}.txt`],
  ])
  const options = ['-hide_banner', '-v', 'error', '-nostdin', '-copyts', ...inputs, ...outputs]
  const { stderr } = await run('ffmpeg', options).catch((error: { stderr: string; message: string }) => ({
    stderr: `${error.stderr}${error.message}`,
  }))
  let [decodedPictures, samples] = [0, 0]
  for (const { kind, file } of files.filter(({ isFiller }) => !isFiller)) {
    const lines = (await readFile(`${file}.txt`, 'utf8')).split('\n').filter((line) => /^\d/.test(line))
    if (kind === 'video') decodedPictures += lines.length
    // stream, dts, pts, duration, size, checksum
    else samples += lines.reduce((sum, line) => sum + Number(line.split(',')[3]), 0)
  }
  return { decodedPictures, decodedSeconds: samples / 8000, complaints: stderr }
}
