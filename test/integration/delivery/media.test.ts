/** Media over HTTP: who gets it, playlists, ranges, and segments that are not made yet. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../../src/kernel/errors.ts'
import { newId, type VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { encodeTimelineEntry, type TimelineEntry } from '../../../src/packaging/timeline.ts'
import { jsonOf, startTestSite, type TestPerson, type TestSite } from '../../support/delivery.ts'

let site: TestSite
let owner: TestPerson
beforeAll(async () => {
  site = await startTestSite()
  owner = await site.person('creator')
})
afterAll(() => site[Symbol.asyncDispose]())
beforeEach(() => {
  site.parts.demandSegment = async () => {
    throw new AppError('not-ready', 'This part is being made.')
  }
})

const start: TimelineEntry = { kind: 'start', version: 1, timeline: 'measured' }
const init = (number: number): TimelineEntry => ({
  kind: 'init',
  init: number,
  video: { codec: 'avc1.64001f', width: 1280, height: 720, frameRate: 30 },
  audio: { codec: 'mp4a.40.2', channels: 2, sampleRate: 48_000 },
})
const segment = (
  number: number,
  more: { init?: number; discontinuity?: boolean; keyframe?: { offset: number; bytes: number } } = {},
): TimelineEntry => ({
  kind: 'segment',
  number,
  init: 0,
  start: number * 2,
  duration: 2,
  frames: 60,
  discontinuity: false,
  videoBytes: 500_000,
  audioBytes: 32_000,
  ...more,
})
const append = (id: VideoId, ...entries: readonly TimelineEntry[]) =>
  site.media.append(mediaKeys.timeline(id), Buffer.from(entries.map(encodeTimelineEntry).join('')))

async function rendition(
  id: VideoId,
  data: { name: string; kind: 'original' | 'video' | 'audio'; [field: string]: unknown },
): Promise<void> {
  await site.database.prisma.rendition.create({ data: { id: newId(), videoId: id, ...data } })
}

/** The signed folder of a video's media, without the slash. */
async function folder(id: VideoId, as?: TestPerson): Promise<string> {
  const { playback } = (await jsonOf(
    await site.fetch(`/api/v1/videos/${id}`, as ? { as } : {}),
  )) as never as { playback: { hls: string } }
  return playback.hls.replace(/\/master\.m3u8$/, '')
}

/** A finished video: three segments after a change of configuration, two rungs. */
async function finishedVideo(data: Record<string, unknown> = {}): Promise<VideoId> {
  const id = await site.video(owner, { timelineKind: 'measured', timelineComplete: true, ...data })
  await rendition(id, {
    name: 'original',
    kind: 'original',
    state: 'ready',
    codecs: 'avc1.64001f',
    width: 1280,
    height: 720,
    frameRate: 30,
    bandwidth: 2_000_000,
    averageBandwidth: 1_800_000,
  })
  await rendition(id, {
    name: 'audio',
    kind: 'audio',
    state: 'ready',
    codecs: 'mp4a.40.2',
    bandwidth: 130_000,
    averageBandwidth: 128_000,
  })
  await rendition(id, {
    name: '480p',
    kind: 'video',
    state: 'encoding',
    codecs: 'avc1.64001e',
    width: 854,
    height: 480,
    frameRate: 30,
    bandwidth: 1_750_000,
    averageBandwidth: 1_050_000,
  })
  await rendition(id, {
    name: '240p',
    kind: 'video',
    state: 'ready',
    codecs: 'avc1.640015',
    width: 426,
    height: 240,
    frameRate: 29.97,
    bandwidth: 500_000,
    averageBandwidth: 300_000,
  })
  await rendition(id, {
    name: '360p',
    kind: 'video',
    state: 'failed',
    codecs: 'avc1.64001e',
    bandwidth: 900_000,
    failure: 'x',
  })
  await append(
    id,
    start,
    init(0),
    segment(0),
    segment(1),
    init(1),
    segment(2, { init: 1, discontinuity: true }),
    { kind: 'end', duration: 6 },
  )
  return id
}

describe('a media address', () => {
  it('leads to the edition the video showed when it was given out, also when the video shows another since', async () => {
    const id = await finishedVideo()
    const old = await folder(id)
    const edition = await finishedVideo({ visibility: 'private' })
    const [before, after] = [Buffer.from('before'), Buffer.from('after')]
    await site.media.put(mediaKeys.segment(id, '240p', 0), before)
    await site.media.put(mediaKeys.segment(edition, '240p', 0), after)
    await site.database.prisma.video.update({ where: { id: edition }, data: { editionOfId: id } })
    await site.database.prisma.video.update({ where: { id }, data: { shownEditionId: edition } })
    const now = await folder(id)
    expect(now).not.toBe(old)
    expect(await (await site.fetch(`${now}/240p/0.m4s`)).text()).toBe('after')
    expect(await (await site.fetch(`${old}/240p/0.m4s`)).text()).toBe('before')
    expect((await site.fetch(`${now}/master.m3u8`)).status).toBe(200)
    expect((await site.fetch(`${now.replace(edition, id)}/240p/0.m4s`)).status).toBe(403)
    expect(
      (await site.fetch(`/api/v1/videos/${edition}`, { as: owner })).status,
      'it is no video of its own',
    ).toBe(404)
  })

  it('works without a cookie, from any page', async () => {
    const base = await folder(await finishedVideo())
    const answer = await site.fetch(`${base}/master.m3u8`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    const preflight = await site.fetch(`${base}/master.m3u8`, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'Range, If-None-Match, If-Range',
    ])
  })

  it('is of one video alone, and not to be guessed', async () => {
    const [a, b] = [await finishedVideo(), await finishedVideo()]
    const [, , token] = (await folder(a)).split('/')
    for (const path of [
      `/media/${token}/${b}/master.m3u8`,
      `/media/x/${a}/master.m3u8`,
      `/media/${token?.slice(1)}A/${a}/master.m3u8`,
    ]) {
      const answer = await site.fetch(path)
      expect(answer.status).toBe(403)
      expect(await jsonOf(answer)).toMatchObject({ code: 'forbidden' })
    }
  })

  it('stops working when the video is made private or deleted, at once', async () => {
    const id = await finishedVideo()
    const base = await folder(id)
    const status = async () => (await site.fetch(`${base}/master.m3u8`)).status
    expect(await status()).toBe(200)
    await site.fetch(`/api/v1/videos/${id}`, {
      method: 'PATCH',
      as: owner,
      headers: { 'content-type': 'application/json' },
      body: '{"visibility":"private"}',
    })
    await expect.poll(status).toBe(403)
    expect((await site.fetch(`${await folder(id, owner)}/master.m3u8`)).status).toBe(200)
    await site.fetch(`/api/v1/videos/${id}`, { method: 'DELETE', as: owner })
    await expect.poll(status).toBe(404)
  })

  it.each([
    '',
    '/',
    '/x.mp4',
    '/480p/',
    '/480p/-1.m4s',
    '/480p/01.m4s',
    '/480p/1.ts',
    '/..%2f..%2fsecret/0.m4s',
    '/480P/0.m4s',
    '/timeline.jsonl',
    '/a/b/c',
  ])('with %j behind it is not there', async (rest) => {
    const base = await folder(await finishedVideo())
    expect((await site.fetch(`${base}${rest}`)).status).toBe(404)
  })
})

describe('keyframes for scrubbing', () => {
  const keyframe = { offset: 88, bytes: 20_000 }
  const iFramesOf = async (base: string) =>
    [...(await (await site.fetch(`${base}/master.m3u8`)).text()).matchAll(/#EXT-X-I-FRAME.*/g)].map(
      ([line]) => line,
    )

  it('are offered of the original as far as it goes, and of the lowest rung when all of it is made', async () => {
    const id = await site.video(owner, { timelineKind: 'measured', state: 'processing', playable: true })
    const original = {
      name: 'original',
      kind: 'original',
      codecs: 'avc1.64001f',
      width: 1280,
      height: 720,
    } as const
    await rendition(id, { ...original, frameRate: 30 })
    const rung = {
      name: '240p',
      kind: 'video',
      codecs: 'avc1.640015',
      width: 426,
      height: 240,
      bytes: 90_000n,
    } as const
    await rendition(id, { ...rung, state: 'ready', bandwidth: 200_000, averageBandwidth: 120_000 })
    const { id: renditionId } = await site.database.prisma.rendition.findFirstOrThrow({
      where: { videoId: id, name: '240p' },
    })
    const range = { videoId: id, renditionId, startSeconds: 0, durationSeconds: 2 } as const
    const chunk = (index: number, state: 'ready' | 'waiting', keyframes: number[]) =>
      site.database.prisma.chunk.create({
        data: { id: newId(), ...range, index, firstSegment: index, segmentCount: 1, state, keyframes },
      })
    await append(
      id,
      start,
      init(0),
      segment(0, { keyframe }),
      init(1),
      segment(1, { init: 1, discontinuity: true, keyframe }),
    )
    await chunk(0, 'ready', [88, 5000])
    const second = await chunk(1, 'waiting', [])
    const base = await folder(id)
    expect(await iFramesOf(base)).toEqual([
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000,AVERAGE-BANDWIDTH=80000,CODECS="avc1.64001f",RESOLUTION=1280x720,URI="original/iframes.m3u8"',
    ])
    expect(await (await site.fetch(`${base}/original/iframes.m3u8`)).text()).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="init-0.mp4"
#EXTINF:2.000,
#EXT-X-BYTERANGE:20000@88
0.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-1.mp4"
#EXTINF:2.000,
#EXT-X-BYTERANGE:20000@88
1.m4s
`)
    expect((await site.fetch(`${base}/240p/iframes.m3u8`)).status).toBe(404)
    await site.database.prisma.chunk.update({
      where: { id: second.id },
      data: { state: 'ready', keyframes: [88, 7000] },
    })
    expect((await iFramesOf(base))[0]).toContain(
      'BANDWIDTH=28000,AVERAGE-BANDWIDTH=24000,CODECS="avc1.640015",RESOLUTION=426x240,URI="240p/iframes.m3u8"',
    )
    expect(await (await site.fetch(`${base}/240p/iframes.m3u8`)).text()).toContain(
      '#EXT-X-MAP:URI="init.mp4"\n#EXTINF:2.000,\n#EXT-X-BYTERANGE:5000@88\n0.m4s\n',
    )
  })

  it('of an old video are not known, and it plays as before', async () => {
    const base = await folder(await finishedVideo())
    expect(await iFramesOf(base)).toEqual([])
    expect((await site.fetch(`${base}/original/iframes.m3u8`)).status).toBe(404)
    expect((await site.fetch(`${base}/nothing/iframes.m3u8`)).status).toBe(404)
  })
})

describe('playlists', () => {
  it('of a finished video name every quality that has not failed, the lowest first', async () => {
    const base = await folder(await finishedVideo())
    const answer = await site.fetch(`${base}/master.m3u8`)
    expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
    expect(await answer.text()).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:7',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=630000,AVERAGE-BANDWIDTH=428000,CODECS="avc1.640015,mp4a.40.2",RESOLUTION=426x240,FRAME-RATE=29.970,AUDIO="audio",NAME="240p"',
        '240p/index.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=1219300,AVERAGE-BANDWIDTH=1178000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=854x480,FRAME-RATE=30.000,AUDIO="audio",NAME="480p"',
        '480p/index.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=2130000,AVERAGE-BANDWIDTH=1928000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="audio",NAME="original"',
        'original/index.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2",AUDIO="audio"',
        'audio/index.m3u8',
        '',
      ].join('\n'),
    )
  })

  it('have the same segments in every rendition, each with its own way of naming the init', async () => {
    const base = await folder(await finishedVideo())
    const text = async (name: string) => (await site.fetch(`${base}/${name}/index.m3u8`)).text()
    expect(await text('original')).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:7',
        '#EXT-X-TARGETDURATION:2',
        '#EXT-X-MEDIA-SEQUENCE:0',
        '#EXT-X-PLAYLIST-TYPE:VOD',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MAP:URI="init-0.mp4"',
        '#EXTINF:2.000,',
        '0.m4s',
        '#EXTINF:2.000,',
        '1.m4s',
        '#EXT-X-DISCONTINUITY',
        '#EXT-X-MAP:URI="init-1.mp4"',
        '#EXTINF:2.000,',
        '2.m4s',
        '#EXT-X-ENDLIST',
        '',
      ].join('\n'),
    )
    expect(await text('audio')).toBe(await text('original'))
    expect(await text('480p')).toBe((await text('original')).replaceAll(/init-\d/g, 'init'))
    expect((await site.fetch(`${base}/360p/index.m3u8`)).status).toBe(404)
    expect((await site.fetch(`${base}/1080p/index.m3u8`)).status).toBe(404)
  })

  it.each([
    ['planned', { codec: 'opus', channels: 6, sampleRate: 48_000 }],
    ['measured', undefined],
  ] as const)('of a %s timeline name a single init for sound that is encoded', async (kind, audio) => {
    const id = await site.video(owner, { timelineKind: kind, timelineComplete: true, state: 'processing' })
    await rendition(id, { name: 'audio', kind: 'audio', state: 'encoding', codecs: 'mp4a.40.2' })
    await rendition(id, { name: '240p', kind: 'video', state: 'encoding', codecs: 'avc1.640015' })
    const video = { codec: 'avc1.64001f', width: 640, height: 360, frameRate: 30 }
    await append(
      id,
      { ...start, timeline: kind },
      { kind: 'init', init: 0, video, ...(audio && { audio }) },
      { ...segment(0), audioBytes: 0 } as TimelineEntry,
      { kind: 'end', duration: 2 },
    )
    const base = await folder(id)
    for (const name of ['audio', '240p']) {
      expect(await (await site.fetch(`${base}/${name}/index.m3u8`)).text()).toContain(
        '#EXT-X-MAP:URI="init.mp4"\n',
      )
    }
    const master = await (await site.fetch(`${base}/master.m3u8`)).text()
    expect(master.includes('original')).toBe(kind === 'measured')
    expect(master).toContain('CODECS="avc1.640015,mp4a.40.2"')
    expect(master).toContain('CHANNELS="2"')
  })

  it('grow while the video is on air, the original named first since it needs no encoder, and end with it', async () => {
    const id = await site.video(owner, { origin: 'broadcast', state: 'live', timelineKind: 'measured' })
    await rendition(id, {
      name: '240p',
      kind: 'video',
      state: 'encoding',
      codecs: 'avc1.640015',
      bandwidth: 500_000,
      width: 426,
      height: 240,
    })
    await append(id, start, init(0), segment(0))
    const base = await folder(id)
    const master = await (await site.fetch(`${base}/master.m3u8`)).text()
    expect(master).toContain(
      'BANDWIDTH=2128000,AVERAGE-BANDWIDTH=2128000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720',
    )
    const [pictures, all] = [
      ['original/index.m3u8', '240p/index.m3u8'],
      ['original/index.m3u8', '240p/index.m3u8', 'audio/index.m3u8'],
    ]
    expect(master.match(/^\w+\/index\.m3u8$/gm)).toEqual(all)
    // For players that would take the sound for one more quality.
    const seen = await (await site.fetch(`${base}/master.m3u8?variants=pictures`)).text()
    expect(seen.match(/^\w+\/index\.m3u8$/gm)).toEqual(pictures)
    // A player that is not told otherwise may choose where it begins.
    const near = await (await site.fetch(`${base}/master.m3u8?start=live`)).text()
    expect(near.replace('#EXT-X-START:TIME-OFFSET=-12\n', '')).toBe(master)
    expect(near).not.toBe(master)
    const rung = await (await site.fetch(`${base}/240p/index.m3u8`)).text()
    expect(rung).toContain('#EXTINF:2.000,\n0.m4s\n')
    expect(rung).not.toContain('#EXT-X-ENDLIST')
    const url = `${base}/original/index.m3u8`
    const before = await site.fetch(url)
    expect(before.headers.get('cache-control')).toBe('no-cache')
    const growing = await before.text()
    expect(growing).toMatch(/PLAYLIST-TYPE:EVENT[\s\S]*\n0\.m4s\n$/)
    const etag = before.headers.get('etag') ?? ''
    const same = await site.fetch(url, { headers: { 'if-none-match': etag } })
    expect([same.status, await same.text()]).toEqual([304, ''])
    await append(id, segment(1))
    await expect
      .poll(async () => (await site.fetch(url, { headers: { 'if-none-match': etag } })).status)
      .toBe(200)
    expect(await (await site.fetch(url)).text()).toBe(`${growing}#EXTINF:2.000,\n1.m4s\n`)
    await append(id, { kind: 'end', duration: 4 })
    await site.database.prisma.video.update({
      where: { id },
      data: { state: 'processing', timelineComplete: true },
    })
    await expect
      .poll(async () => (await site.fetch(url)).text())
      .toMatch(/PLAYLIST-TYPE:VOD[\s\S]*#EXT-X-ENDLIST\n$/)
    await expect
      .poll(async () => (await site.fetch(`${base}/master.m3u8`)).text())
      .toContain('240p/index.m3u8')
    expect(await (await site.fetch(`${base}/master.m3u8?start=live`)).text()).not.toContain('EXT-X-START')
  })

  it('are compressed for those who can read that', async () => {
    const base = await folder(await finishedVideo())
    // Not fetch(), which would undo the compression.
    const asking = request(`${site.base}${base}/original/index.m3u8`, {
      headers: { 'accept-encoding': 'gzip' },
    })
    asking.end()
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    expect(answer.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(Buffer.concat(await answer.toArray())).toString()).toMatch(/^#EXTM3U/)
  })

  it('are not there before the first segment', async () => {
    const id = await site.video(owner, { playable: true, state: 'live' })
    expect((await site.fetch(`${await folder(id)}/master.m3u8`)).status).toBe(404)
  })
})

describe('a segment', () => {
  const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251))
  const put = async (id: VideoId, number = 0) =>
    site.media.put(mediaKeys.segment(id, '240p', number), CONTENT)

  it('is sent whole, immutable, with its length and tag, and again from memory', async () => {
    const id = await finishedVideo()
    await put(id)
    const url = `${await folder(id)}/240p/0.m4s`
    for (const _again of [1, 2]) {
      const answer = await site.fetch(url)
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'video/iso.segment',
        'content-length': '1000',
        'cache-control': 'public, max-age=31536000, immutable',
        'accept-ranges': 'bytes',
        etag: expect.any(String),
      })
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(CONTENT)
    }
    const { headers } = await site.fetch(url)
    expect((await site.fetch(url, { headers: { 'if-none-match': headers.get('etag') ?? '' } })).status).toBe(
      304,
    )
    const head = await site.fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', ''])
  })

  it.each([
    ['bytes=0-99', 206, 0, 100],
    ['bytes=990-', 206, 990, 1000],
    ['bytes=-10', 206, 990, 1000],
    ['bytes=500-5000', 206, 500, 1000],
    ['bytes=1000-', 416, 0, 0],
    ['bytes=0-1,5-6', 200, 0, 1000],
    ['nonsense', 200, 0, 1000],
  ])('in the range %s answers %i', async (range, status, from, to) => {
    const id = await finishedVideo()
    await put(id)
    const answer = await site.fetch(`${await folder(id)}/240p/0.m4s`, { headers: { range } })
    expect(answer.status).toBe(status)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(CONTENT.subarray(from, to))
    if (status === 206) expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/1000`)
    if (status === 416) expect(answer.headers.get('content-range')).toBe('bytes */1000')
  })

  it('too large for memory is streamed, whole and in ranges', async () => {
    const id = await finishedVideo()
    const large = Buffer.alloc(9 * 1024 * 1024, 'large')
    await site.media.put(mediaKeys.segment(id, '240p', 1), large)
    const url = `${await folder(id)}/240p/1.m4s`
    expect(Buffer.from(await (await site.fetch(url)).arrayBuffer()).equals(large)).toBe(true)
    const part = await site.fetch(url, { headers: { range: 'bytes=5000000-5000009' } })
    expect(Buffer.from(await part.arrayBuffer())).toEqual(large.subarray(5_000_000, 5_000_010))
  })

  it('of a private video is kept by browsers only', async () => {
    const id = await finishedVideo({ visibility: 'private' })
    await put(id)
    const answer = await site.fetch(`${await folder(id, owner)}/240p/0.m4s`)
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
  })

  it('that is not made yet is asked for and waited for', async () => {
    const id = await finishedVideo()
    const asked: unknown[] = []
    site.parts.demandSegment = async (video, name, number, { timeoutMs }) => {
      asked.push([video, name, number, timeoutMs])
      await site.media.put(mediaKeys.segment(id, '480p', 2), CONTENT)
    }
    const answer = await site.fetch(`${await folder(id)}/480p/2.m4s`)
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '1000'])
    expect(asked).toEqual([[id, '480p', 2, 5000]])
  })

  it('is noted as watched, once, however often it is sent; the original is not', async () => {
    const id = await finishedVideo()
    await put(id)
    await site.media.put(mediaKeys.segment(id, 'original', 0), CONTENT)
    const base = await folder(id)
    for (const file of ['240p/0.m4s', '240p/0.m4s', 'original/0.m4s'])
      expect((await site.fetch(`${base}/${file}`)).status).toBe(200)
    expect(site.views.filter((view) => view.startsWith(id))).toEqual([`${id}/240p`])
  })

  it('is not made for whoever has had made what one address may, and says when to ask again', async () => {
    const id = await finishedVideo()
    await put(id)
    const base = await folder(id)
    site.parts.demandSegment = async (_video, _name, _number, { charge }) => {
      // A walk through everything: as many chunks as are granted.
      for (;;) charge(600)
    }
    const refused = await site.fetch(`${base}/480p/2.m4s`)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // What is made already costs nothing.
    expect((await site.fetch(`${base}/240p/0.m4s`)).status).toBe(200)
  })

  it('that is not made in time is refused with when to ask again', async () => {
    const answer = await site.fetch(`${await folder(await finishedVideo())}/480p/2.m4s`)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('2')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await jsonOf(answer)).toMatchObject({ code: 'not-ready' })
  })

  it('nobody waits for any more is not waited for', async () => {
    const base = await folder(await finishedVideo())
    const aborted = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    site.parts.demandSegment = async (_video, _name, _number, { signal }) => {
      asked.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      aborted.resolve()
      signal.throwIfAborted()
    }
    const leaving = new AbortController()
    const answer = site.fetch(`${base}/480p/2.m4s`, { signal: leaving.signal })
    await asked.promise
    leaving.abort()
    await expect(answer).rejects.toThrow()
    await aborted.promise
  })

  it('has room for many who wait for it from one address, but not for many waits', async () => {
    const [one, other] = [await folder(await finishedVideo()), await folder(await finishedVideo())]
    const release = Promise.withResolvers<void>()
    let waiting = 0
    site.parts.demandSegment = async () => {
      waiting += 1
      await release.promise
      throw new AppError('not-ready', 'x')
    }
    const files = ['0.m4s', '1.m4s', '2.m4s'].flatMap((file) => [
      `${one}/480p/${file}`,
      `${other}/480p/${file}`,
    ])
    const held = [...files, ...files].map((file) => site.fetch(file))
    await expect.poll(() => waiting).toBe(12)
    expect((await site.fetch(`${one}/240p/0.m4s`)).status).toBe(503)
    expect(waiting).toBe(12)
    release.resolve()
    await Promise.all(held)
  })

  it.each(['original/7.m4s', '480p/3.m4s', '360p/0.m4s', 'none/0.m4s', 'original/init-9.mp4'])(
    'at %s is nothing to wait for',
    async (path) => {
      let asked = false
      site.parts.demandSegment = async () => {
        asked = true
      }
      expect((await site.fetch(`${await folder(await finishedVideo())}/${path}`)).status).toBe(404)
      expect(asked).toBe(false)
    },
  )
})
