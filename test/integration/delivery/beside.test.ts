/** Captions, posters and chapters over HTTP: given, refused with a reason, and played. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../../src/kernel/errors.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { encodeTimelineEntry } from '../../../src/packaging/timeline.ts'
import { jsonOf, startTestSite, type TestPerson, type TestSite } from '../../support/delivery.ts'

let site: TestSite
let owner: TestPerson
let stranger: TestPerson
let id: VideoId

beforeAll(async () => {
  site = await startTestSite({ recognisesSpeech: true })
  owner = await site.person('creator', 'Ada')
  stranger = await site.person('creator', 'Ben')
})
afterAll(() => site[Symbol.asyncDispose]())
beforeEach(async () => {
  id = await site.video(owner, { durationSeconds: 24 })
})

const SRT = '1\n00:00:01,000 --> 00:00:03,000\nHello\n\n2\n00:00:09,000 --> 00:00:13,000\nAcross\n'

function form(
  fields: Readonly<Record<string, string>>,
  file: string | Uint8Array | undefined = SRT,
): FormData {
  const made = new FormData()
  for (const [name, value] of Object.entries(fields)) made.append(name, value)
  if (file !== undefined) made.append('file', new Blob([file as string]), 'words.srt')
  return made
}
const add = (fields: Readonly<Record<string, string>>, file?: string | Uint8Array, as = owner) =>
  site.fetch(`/api/v1/videos/${id}/captions`, { method: 'POST', body: form(fields, file), as })
const json = (method: string, path: string, body: unknown, as = owner) =>
  site.fetch(`/api/v1/videos/${id}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    as,
  })
interface Shown {
  readonly captions: readonly {
    id: string
    url: string
    language: string
    name: string
    isDefault: boolean
  }[]
  readonly chapters: readonly unknown[]
  readonly chaptersFrom: string | null
  readonly playback: {
    hls: string
    poster: string
    posterCard: string
    preview: string | null
    storyboard: string | null
  }
}
const shown = async (as = owner) =>
  (await jsonOf(await site.fetch(`/api/v1/videos/${id}`, { as }))) as unknown as Shown
const textOf = async (path: string) => {
  const response = await site.fetch(path)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

describe('captions', () => {
  it('are added, listed, described, made the default, replaced and removed', async () => {
    expect((await add({ language: 'pt_br' })).status).toBe(201)
    expect(
      (await add({ language: 'en', name: 'English for all', kind: 'captions', isDefault: 'true' })).status,
    ).toBe(201)
    const list = await jsonOf(await site.fetch(`/api/v1/videos/${id}/captions`))
    expect(list).toMatchObject({
      recognisesSpeech: true,
      items: [
        { language: 'en', name: 'English for all', kind: 'captions', origin: 'upload', isDefault: true },
        { language: 'pt-BR', name: 'Português (Brasil)', kind: 'subtitles', isDefault: false },
      ],
    })
    const [english, portuguese] = (await shown()).captions
    expect((await json('PATCH', `/captions/${portuguese?.id}`, { isDefault: true })).status).toBe(200)
    expect((await shown()).captions.map(({ isDefault }) => isDefault)).toEqual([false, true])

    const before = await textOf(english?.url ?? '')
    expect(before).toMatchObject({
      status: 200,
      text: expect.stringContaining('00:00:01.000 --> 00:00:03.000\nHello'),
    })
    expect(before.headers.get('content-type')).toBe('text/vtt; charset=utf-8')
    const body = form({}, 'WEBVTT\n\n00:01.000 --> 00:02.000\nBetter\n')
    const replaced = await site.fetch(`/api/v1/videos/${id}/captions/${english?.id}`, {
      method: 'PUT',
      body,
      as: owner,
    })
    expect(replaced.status).toBe(200)
    const after = (await shown()).captions[0]
    expect(after?.url).not.toBe(english?.url)
    expect((await textOf(after?.url ?? '')).text).toContain('Better')

    const gone = await site.fetch(`/api/v1/videos/${id}/captions/${english?.id}`, {
      method: 'DELETE',
      as: owner,
    })
    expect(gone.status).toBe(204)
    expect((await shown()).captions.map(({ language }) => language)).toEqual(['pt-BR'])
  })

  it.each([
    [
      'a broken time',
      { language: 'en' },
      '1\n00:00:01,000 --> soon\nHello\n',
      422,
      'not-captions',
      /^Line 2: /,
    ],
    ['no captions at all', { language: 'en' }, 'Dear Ada', 422, 'not-captions', /neither WebVTT nor SubRip/],
    [
      'another encoding',
      { language: 'fr' },
      Buffer.from('1\n00:00:01,000 --> 00:00:02,000\nFran\xe7ais', 'latin1'),
      422,
      'not-captions',
      /UTF-8/,
    ],
    ['no language', {}, SRT, 422, 'invalid-input', /language/],
    ['a language that is none', { language: 'klingon!' }, SRT, 422, 'invalid-input', /language/],
    ['too many words', { language: 'en' }, 'x'.repeat(2 * 2 ** 20 + 1), 413, 'too-large', /larger/],
  ] as const)('with %s are refused with the reason', async (_, fields, file, status, code, detail) => {
    const response = await add(fields, file)
    expect(response.status).toBe(status)
    expect(await jsonOf(response)).toMatchObject({ code, detail: expect.stringMatching(detail) })
    expect((await shown()).captions).toEqual([])
  })

  it('of a language and kind that is there already are refused, and so is who may not edit the video', async () => {
    await add({ language: 'en' })
    expect(await jsonOf(await add({ language: 'en' }))).toMatchObject({ code: 'conflict' })
    expect((await add({ language: 'en', kind: 'captions' })).status).toBe(201)
    const first = (await shown()).captions[0]?.id
    for (const [method, path] of [
      ['PATCH', `/captions/${first}`],
      ['DELETE', `/captions/${first}`],
      ['POST', '/captions/speech'],
      ['PUT', '/poster'],
    ] as const) {
      const sent = method === 'PATCH' ? { name: 'Mine' } : path === '/poster' ? { seconds: 1 } : {}
      expect((await json(method, path, sent, stranger)).status, `${method} ${path}`).toBe(403)
    }
    expect((await add({ language: 'de' }, SRT, stranger)).status).toBe(403)
    expect((await json('PATCH', '/captions/none', { name: 'x' })).status).toBe(404)
  })

  it('stand in the multivariant playlist, in pieces along the segments that players can ask for', async () => {
    const segment = (number: number, start: number, discontinuity = false) =>
      ({
        kind: 'segment',
        number,
        init: 0,
        start,
        duration: 4,
        frames: 100,
        discontinuity,
        videoBytes: 9,
        audioBytes: 0,
      }) as const
    const lines = [
      { kind: 'start', version: 1, timeline: 'measured' } as const,
      {
        kind: 'init',
        init: 0,
        video: { codec: 'avc1.64001f', width: 320, height: 180, frameRate: 25 },
      } as const,
      ...[0, 4, 8, 12].map((start, number) => segment(number, start, start === 12)),
      { kind: 'end', duration: 16 } as const,
    ]
    await site.media.put(mediaKeys.timeline(id), Buffer.from(lines.map(encodeTimelineEntry).join('')))
    await site.database.prisma.video.update({ where: { id }, data: { closedCaptions: true } })
    await add({ language: 'en', kind: 'captions', isDefault: 'true' })
    await add({ language: 'de', name: 'English' })
    const { playback, captions } = await shown()
    const master = (await textOf(playback.hls)).text.split('\n')
    const names = master.filter((line) => line.includes('TYPE=SUBTITLES'))
    expect(names[0]).toMatch(/GROUP-ID="subtitles",NAME="English",LANGUAGE="\w\w",/)
    expect(names[1]).toContain('NAME="English (2)"')
    expect(
      names.filter((line) =>
        line.includes(
          'DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"',
        ),
      ),
    ).toHaveLength(1)
    expect(master).toContain(
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="closed-captions",NAME="Closed captions",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="CC1"',
    )
    expect(master.find((line) => line.startsWith('#EXT-X-STREAM-INF'))).toMatch(
      /SUBTITLES="subtitles",CLOSED-CAPTIONS="closed-captions"/,
    )

    const base = playback.hls.replace('master.m3u8', '')
    const uri = /URI="([^"]+)"/.exec(names[0] ?? '')?.[1] ?? ''
    const playlist = await textOf(base + uri)
    expect(playlist.text).toBe(
      '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:8\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXTINF:8.000,\n0.vtt\n#EXTINF:4.000,\n1.vtt\n#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n2.vtt\n#EXT-X-ENDLIST\n',
    )
    const folder = base + uri.replace('index.m3u8', '')
    const pieces = await Promise.all([0, 1, 2].map(async (n) => (await textOf(`${folder}${n}.vtt`)).text))
    expect(pieces.map((text) => [text.includes('Hello'), text.includes('Across')])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ])
    expect(pieces[0]).toContain('X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000')
    expect((await textOf(`${folder}3.vtt`)).status).toBe(404)
    expect((await textOf(captions[0]?.url.replace(/\/media\/[^/]+/, '/media/forged') ?? '')).status).toBe(403)
  })

  it('are asked of a program for speech once at a time, when the video is ready', async () => {
    expect((await json('POST', '/captions/speech', {})).status).toBe(202)
    expect(site.sent.at(-1)).toEqual({
      kind: 'recognise-speech',
      priority: expect.any(Number),
      data: { videoId: id, language: 'auto' },
    })
    await site.database.prisma.video.update({ where: { id }, data: { state: 'processing' } })
    expect((await json('POST', '/captions/speech', { language: 'en' })).status).toBe(409)
    expect((await json('POST', '/captions/speech', { language: 'English' })).status).toBe(422)
  })

  it('go with their video', async () => {
    await add({ language: 'en' })
    expect((await site.fetch(`/api/v1/videos/${id}`, { method: 'DELETE', as: owner })).status).toBe(204)
    await expect.poll(() => site.database.prisma.caption.count({ where: { videoId: id } })).toBe(0)
  })
})

describe('a poster', () => {
  const put = (body: BodyInit, type: string, as = owner) =>
    site.fetch(`/api/v1/videos/${id}/poster`, { method: 'PUT', body, headers: { 'content-type': type }, as })

  it('is a moment, a picture or chosen by itself again, each time at another address that stays for ever', async () => {
    const addresses = new Set<string>()
    const look = async (words: string) => {
      const { playback } = await shown()
      addresses.add(playback.poster)
      const page = await textOf(playback.poster)
      expect(page).toMatchObject({ status: 200, text: words })
      expect(page.headers.get('cache-control')).toContain('immutable')
      expect((await textOf(playback.posterCard)).text).toBe(words)
    }
    expect((await json('PUT', '/poster', { seconds: 12.5 })).status).toBe(200)
    await look('at 12.5')
    expect((await put(Buffer.alloc(77), 'image/png')).status).toBe(200)
    await look('of 77 bytes')
    expect(await site.database.prisma.posterChoice.findUnique({ where: { videoId: id } })).toMatchObject({
      seconds: null,
    })
    expect((await site.fetch(`/api/v1/videos/${id}/poster`, { method: 'DELETE', as: owner })).status).toBe(
      200,
    )
    await look('the best')
    expect(await site.database.prisma.posterChoice.count({ where: { videoId: id } })).toBe(0)
    expect(addresses.size).toBe(3)
  })

  it('beyond the end, too large, of another type or no picture is refused with the reason', async () => {
    expect((await json('PUT', '/poster', { seconds: 99 })).status).toBe(422)
    expect((await json('PUT', '/poster', { at: 1 })).status).toBe(422)
    expect((await put('words', 'text/plain')).status).toBe(400)
    expect((await put(Buffer.alloc(10 * 2 ** 20 + 1), 'image/jpeg')).status).toBe(413)
    site.parts.posterMaker.fromPicture = async () => {
      throw new AppError('not-a-picture', 'This is not a picture.')
    }
    expect(await jsonOf(await put('x', 'image/jpeg'))).toMatchObject({ status: 422, code: 'not-a-picture' })
  })
})

describe('a storyboard', () => {
  it('is there with its first sheet, grows while the video does, and gives suggestions for chapters', async () => {
    expect((await shown()).playback).toMatchObject({ storyboard: null, preview: null })
    const { prisma } = site.database
    const starts = [0, 4, 8, 12, 16, 20]
    const samples = Buffer.concat(starts.map((at) => Buffer.alloc(144, at < 12 ? 40 : 200)))
    await prisma.storyboardSheet.create({
      data: {
        videoId: id,
        number: 0,
        columns: 5,
        tileWidth: 160,
        tileHeight: 90,
        starts,
        endSeconds: 24,
        samples,
      },
    })
    await prisma.video.update({
      where: { id },
      data: { storyboardSheets: 1, state: 'live', previewName: '0123456789abcdef' },
    })
    await site.media.put(mediaKeys.storyboardSheet(id, 0), Buffer.from('JPEG'))
    const { playback } = await shown()
    const text = await textOf(playback.storyboard ?? '')
    expect(text.text).toContain('00:00:20.000 --> 00:00:24.000\nstoryboard/0.jpg#xywh=0,90,160,90')
    expect(text.headers.get('cache-control')).toBe('no-cache')
    const sheet = await textOf((playback.storyboard ?? '').replace('.vtt', '/0.jpg'))
    expect(sheet).toMatchObject({ status: 200, text: 'JPEG' })
    expect(playback.preview).toMatch(/\/preview\/0123456789abcdef\.webp$/)
    const suggested = await site.fetch(`/api/v1/videos/${id}/chapter-suggestions`, { as: owner })
    expect(await jsonOf(suggested)).toEqual({
      items: [
        { start: 0, title: 'Chapter 1' },
        { start: 12, title: 'Chapter 2' },
      ],
    })
    expect((await site.fetch(`/api/v1/videos/${id}/chapter-suggestions`, { as: stranger })).status).toBe(403)
  })
})

describe('chapters', () => {
  it('are kept as sent, refused out of order, and given back to the description', async () => {
    await json('PATCH', '', { description: '0:00 A\n0:10 B' })
    expect(await shown()).toMatchObject({
      chaptersFrom: 'description',
      chapters: [{ start: 0 }, { start: 10 }],
    })
    const mine = [{ start: 1.5, title: 'Mine' }]
    expect((await json('PATCH', '', { chapters: mine })).status).toBe(200)
    expect(await shown()).toMatchObject({ chaptersFrom: 'creator', chapters: mine })
    const wrong = [
      { start: 5, title: 'b' },
      { start: 5, title: 'a' },
    ]
    expect((await json('PATCH', '', { chapters: wrong })).status).toBe(422)
    await json('PATCH', '', { chapters: null })
    expect(await shown()).toMatchObject({ chaptersFrom: 'description' })
  })
})
