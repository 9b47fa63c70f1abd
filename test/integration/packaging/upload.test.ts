import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mediaKeys } from '../../../src/media/layout.ts'
import { packageUpload } from '../../../src/packaging/package-upload.ts'
import { ffmpeg, streamHash } from '../../support/ffmpeg.ts'
import { makeStore, timelineOf, video, writePlaylist } from '../../support/packaged-video.ts'

let sources: string
let folder: string
const source = (name: string) => path.join(sources, name)
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-bf', '2']

beforeAll(async () => {
  sources = await mkdtemp(path.join(tmpdir(), 'uploads-'))
  const inputs = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=640x360:r=30000/1001:d=9',
    '-f',
    'lavfi',
    '-i',
    'sine=440:r=48000:d=9',
  ]
  await ffmpeg(...inputs, ...X264, '-g', '60', '-c:a', 'aac', source('main.mp4'))
  const copy = (name: string, ...args: string[]) =>
    ffmpeg('-i', source('main.mp4'), '-c', 'copy', ...args, source(name))
  await Promise.all([
    copy('main.mov'),
    copy('main.mkv'),
    copy('main.ts'),
    copy('main.flv'),
    copy('fragmented.mp4', '-movflags', 'frag_keyframe+empty_moov'),
    copy('late.mp4', '-output_ts_offset', '7'),
    copy('main.avi', '-bsf:v', 'h264_mp4toannexb'),
    copy('silent.mp4', '-an'),
    ffmpeg('-i', source('main.mp4'), '-c:v', 'copy', '-c:a', 'libmp3lame', source('mp3.mp4')),
    ffmpeg('-i', source('main.mp4'), ...X264, '-t', '3', '-c:v', 'libvpx', '-an', source('vp8.webm')),
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=160x90:r=10:d=30',
      ...X264,
      '-g',
      '1000',
      '-keyint_min',
      '1000',
      source('one-keyframe.mp4'),
    ),
  ])
  return () => rm(sources, { recursive: true })
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'upload-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const ONLY = { nth: 0, of: 1 }

async function packaged(name: string, passAudio: typeof ONLY | undefined = ONLY) {
  const store = makeStore(folder)
  const result = await packageUpload({ input: source(name), video, store, passAudio })
  return { store, result }
}

describe('an upload of H.264 and AAC', () => {
  it.each(['main.mp4', 'main.mov', 'main.mkv', 'main.ts', 'main.flv', 'fragmented.mp4', 'late.mp4'])(
    '%s comes out packet for packet, beginning near 0 with its offset of audio kept',
    async (name) => {
      const { store, result } = await packaged(name)
      expect(result).toMatchObject({ outcome: 'packaged', audioPassed: true })
      const timeline = await timelineOf(store)
      expect(timeline).toMatchObject({ kind: 'measured', ended: true })
      // In a transport stream start codes have three or four bytes, which no other container keeps.
      const same = name === 'main.ts' ? 'main-ts.mp4' : name
      if (same !== name) await ffmpeg('-i', source(name), '-c', 'copy', source(same))
      const original = await writePlaylist(store, 'original')
      expect(await streamHash(original, 'v')).toBe(await streamHash(source(same), 'v'))
      expect(await streamHash(await writePlaylist(store, 'audio'), 'a')).toBe(
        await streamHash(source('main.mp4'), 'a'),
      )
      for (const [index, segment] of timeline.segments.entries()) {
        const next = timeline.segments[index + 1]
        if (next) expect(segment.start + segment.duration).toBe(next.start)
      }
      expect(timeline.segments[0]?.start).toBeLessThan(0.2)
      expect(timeline.segments.reduce((sum, segment) => sum + segment.frames, 0)).toBe(270)
      const seconds = timeline.segments.reduce((sum, segment) => sum + segment.duration, 0)
      expect(Math.abs(seconds - 9)).toBeLessThan(0.05)
      expect(timeline.inits[0]?.video?.frameRate).toBeCloseTo(29.97, 2)
    },
  )

  it('can be watched before it is through', async () => {
    const store = makeStore(folder)
    const told: number[] = []
    let watchable = false
    await packageUpload({
      input: source('main.mp4'),
      video,
      store,
      passAudio: ONLY,
      onSegment: (segment) => {
        told.push(segment.number)
        watchable ||= segment.number === 0
      },
    })
    expect(told).toEqual([0, 1, 2, 3, 4])
    expect(watchable).toBe(true)
  })

  it('without sound has none', async () => {
    const { store, result } = await packaged('silent.mp4')
    expect(result).toMatchObject({ outcome: 'packaged', audioPassed: false })
    expect((await timelineOf(store)).inits[0]?.audio).toBeUndefined()
  })

  it('that was cut off is kept as far as it goes', async () => {
    const { size } = await stat(source('main.ts'))
    await ffmpeg('-i', source('main.ts'), '-c', 'copy', source('cut.ts'))
    await truncate(source('cut.ts'), Math.floor(size * 0.6) - 50)
    const { result } = await packaged('cut.ts')
    expect(result).toMatchObject({ outcome: 'packaged' })
    if (result.outcome === 'packaged') expect(result.durationSeconds).toBeGreaterThan(4)
  })

  it('made again over a run that was killed is made from the beginning', async () => {
    const store = makeStore(folder)
    await store.append(
      mediaKeys.timeline(video),
      Buffer.from('{"kind":"start","version":1,"timeline":"measured"}\n{"ki'),
    )
    await packageUpload({ input: source('main.mp4'), video, store, passAudio: ONLY })
    expect((await timelineOf(store)).segments).toHaveLength(5)
  })
})

describe('an upload that cannot be passed through', () => {
  it.each([
    ['main.avi', 'needs-remux'],
    ['vp8.webm', 'not-passable'],
    ['one-keyframe.mp4', 'not-passable'],
  ])('%s is %s, and leaves nothing behind', async (name, outcome) => {
    const { store, result } = await packaged(name)
    expect(result.outcome).toBe(outcome)
    expect(await store.read(mediaKeys.timeline(video))).toBeUndefined()
    expect(await store.read(mediaKeys.segment(video, 'original', 0))).toBeUndefined()
  })

  it('has its sound left out when that alone is the reason', async () => {
    const { store, result } = await packaged('mp3.mp4')
    expect(result).toMatchObject({ outcome: 'packaged', audioPassed: false })
    expect(await streamHash(await writePlaylist(store, 'original'), 'v')).toBe(
      await streamHash(source('main.mp4'), 'v'),
    )
  })

  it('stops when it is told to, and leaves nothing behind', async () => {
    const store = makeStore(folder)
    const abort = new AbortController()
    const running = packageUpload({
      input: source('main.mp4'),
      video,
      store,
      passAudio: ONLY,
      signal: abort.signal,
      onInit: () => abort.abort(new Error('stop')),
    })
    await expect(running).rejects.toThrow('stop')
    expect(await store.read(mediaKeys.timeline(video))).toBeUndefined()
  })
})

describe('an upload that is made to do harm', () => {
  it('whose tables would fill any memory is refused, and nothing else suffers', async () => {
    const bytes = await readFile(source('fragmented.mp4'))
    // Four milliards of samples, each of the default size: ISO/IEC 14496-12 §8.8.8. No byte stands for them.
    for (let at = bytes.indexOf('trun'); at >= 0; at = bytes.indexOf('trun', at + 4)) {
      bytes.writeUInt32BE(1, at + 4)
      bytes.writeUInt32BE(0xfffffff0, at + 8)
    }
    await writeFile(source('bomb.mp4'), bytes)
    const { store, result } = await packaged('bomb.mp4')
    expect(result).toEqual({
      outcome: 'needs-remux',
      reason: 'Its tables take more memory than those of any real video.',
    })
    expect(await store.read(mediaKeys.timeline(video))).toBeUndefined()
  })
})
