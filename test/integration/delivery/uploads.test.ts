/** Uploads by form and by tus: what arrives, what is refused, and that nothing is left of what was cut off. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { video as videoShape } from '../../../src/delivery/contract/videos.ts'
import { jsonOf, SOURCE, startTestSite, type TestPerson, type TestSite } from '../../support/delivery.ts'

const MAX_BYTES = 1024 * 1024
let site: TestSite
let creator: TestPerson
beforeAll(async () => {
  site = await startTestSite({ maxUploadBytes: MAX_BYTES })
  creator = await site.person('creator')
})
afterAll(() => site[Symbol.asyncDispose]())

const uploadDirs = async () => (await readdir(site.paths.uploads)).filter((name) => name !== 'tus')

function form(
  fields: Record<string, string>,
  file: Uint8Array<ArrayBuffer> | undefined,
  fileName = 'My film.MP4',
): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  if (file) data.append('file', new Blob([file]), fileName)
  return data
}
const post = (body: FormData, as: TestPerson | undefined = creator) =>
  site.fetch('/api/v1/uploads', { method: 'POST', ...(as && { as }), body })
const bytes = (count: number) => new Uint8Array(count).fill(65)

describe('an upload by form', () => {
  it('becomes a video that is being processed, its file kept under our own name', async () => {
    let probed: string | undefined
    site.parts.probe = async (file) => {
      probed = file
      return { isVideo: true, media: SOURCE }
    }
    const answer = await post(
      form({ title: 'Ein Film: “ü”', visibility: 'unlisted' }, bytes(5000), '../../evil/ünï.MP4'),
    )
    expect(answer.status).toBe(201)
    const video = videoShape.parse(await answer.json())
    expect(answer.headers.get('location')).toBe(`/api/v1/videos/${video.id}`)
    expect(video).toMatchObject({
      title: 'Ein Film: “ü”',
      visibility: 'unlisted',
      state: 'processing',
      origin: 'upload',
      width: 640,
      height: 360,
      durationSeconds: 10,
    })
    expect(site.enqueued).toContain(video.id)
    const row = await site.database.prisma.upload.findUniqueOrThrow({ where: { videoId: video.id } })
    expect(row).toMatchObject({
      path: `uploads/${row.id}/source.mp4`,
      bytes: 5000n,
      fileName: expect.stringMatching(/ünï\.MP4$/),
    })
    expect(probed).toBe(`${site.paths.root}/${row.path}`)
    expect(await readFile(`${site.paths.root}/${row.path}`)).toHaveLength(5000)
  })

  it('is named after its file when it has no title', async () => {
    expect(await jsonOf(await post(form({}, bytes(10), 'My holiday_2026.mp4')))).toMatchObject({
      title: 'My holiday 2026',
      visibility: 'public',
    })
  })

  it.each([['not a video', 'This is a PDF document, not a video.']])(
    'that is %s is refused with the reason and not kept',
    async (_name, reason) => {
      const before = await uploadDirs()
      site.parts.probe = async () => ({ isVideo: false, reason })
      const answer = await post(form({}, bytes(100)))
      site.parts.probe = async () => ({ isVideo: true, media: SOURCE })
      expect(answer.status).toBe(422)
      expect(await jsonOf(answer)).toMatchObject({ code: 'not-a-video', detail: reason })
      expect(await uploadDirs()).toEqual(before)
    },
  )

  it('that is empty is no video', async () => {
    const before = await uploadDirs()
    expect(await jsonOf(await post(form({}, bytes(0))))).toMatchObject({
      code: 'not-a-video',
      detail: 'The file is empty.',
    })
    expect(await uploadDirs()).toEqual(before)
  })

  it('that is too large is refused: at once when it says so, else when it is', async () => {
    const before = await uploadDirs()
    expect(await jsonOf(await post(form({}, bytes(MAX_BYTES * 2))))).toMatchObject({
      code: 'too-large',
      status: 413,
    })
    const unsaid = await site.fetch('/api/v1/uploads', {
      method: 'POST',
      as: creator,
      duplex: 'half',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(
            Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'),
          )
          for (let i = 0; i < 32; i += 1) controller.enqueue(Buffer.alloc(64 * 1024, 65))
          controller.enqueue(Buffer.from('\r\n--x--\r\n'))
          controller.close()
        },
      }),
    } as RequestInit)
    expect(await jsonOf(unsaid)).toMatchObject({ code: 'too-large' })
    expect(await uploadDirs()).toEqual(before)
  })

  it('that is cut off leaves nothing', async () => {
    const before = await uploadDirs()
    const req = request(`${site.base}/api/v1/uploads`, {
      method: 'POST',
      headers: {
        ...creator.auth,
        'content-type': 'multipart/form-data; boundary=x',
        'content-length': '500000',
      },
    })
    req.on('error', () => {})
    req.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n')
    req.write(Buffer.alloc(100_000, 65))
    await expect.poll(async () => (await uploadDirs()).length).toBe(before.length + 1)
    req.destroy()
    await expect.poll(uploadDirs).toEqual(before)
  })

  it.each([
    ['a wrong visibility', form({ visibility: 'secret' }, bytes(10)), 422, 'invalid-input'],
    ['no file', form({ title: 'x' }, undefined), 400, 'bad-request'],
    [
      'two files',
      (() => {
        const two = form({}, bytes(10))
        two.append('file', new Blob([bytes(10)]), 'b.mp4')
        return two
      })(),
      400,
      'bad-request',
    ],
  ])('with %s is refused and leaves nothing', async (_name, body, status, code) => {
    const before = await uploadDirs()
    const answer = await post(body)
    expect(answer.status).toBe(status)
    expect(await jsonOf(answer)).toMatchObject({ code })
    expect(await uploadDirs()).toEqual(before)
  })

  it('is for creators and administrators', async () => {
    expect((await post(form({}, bytes(10)), await site.person('viewer'))).status).toBe(403)
    expect((await site.fetch('/api/v1/uploads', { method: 'POST', body: form({}, bytes(10)) })).status).toBe(
      401,
    )
  })

  it('must be a form', async () => {
    const answer = await site.fetch('/api/v1/uploads', {
      method: 'POST',
      as: creator,
      headers: { 'content-type': 'video/mp4' },
      body: bytes(10),
    })
    expect(await jsonOf(answer)).toMatchObject({ code: 'bad-request' })
  })

  it('whose rows cannot be written is swept at the next start, unless they were', async () => {
    const answer = await jsonOf(await post(form({}, bytes(10))))
    const kept = await site.database.prisma.upload.findUniqueOrThrow({
      where: { videoId: String(answer.id) },
    })
    const lost = await site.library.uploads.begin('lost.mp4')
    await site.library.recover()
    const dirs = await uploadDirs()
    expect(dirs).toContain(kept.id)
    expect(dirs).not.toContain(lost.uploadId)
  })
})

it('an upload is refused when it would leave too little free disk', async () => {
  await using full = await startTestSite({ minFreeBytes: 2 ** 60 })
  const as = await full.person('creator')
  const answer = await full.fetch('/api/v1/uploads', { method: 'POST', as, body: form({}, bytes(10)) })
  expect(answer.status).toBe(507)
  expect(await jsonOf(answer)).toMatchObject({ code: 'disk-full' })
})

describe('a resumable upload', () => {
  const TUS = { 'tus-resumable': '1.0.0' }
  const metadata = (fields: Record<string, string>) =>
    Object.entries(fields)
      .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
      .join(',')
  const create = (length: number, fields: Record<string, string>, as = creator) =>
    site.fetch('/api/v1/uploads/tus', {
      method: 'POST',
      as,
      headers: { ...TUS, 'upload-length': String(length), 'upload-metadata': metadata(fields) },
    })
  const send = (url: string, offset: number, body: Uint8Array<ArrayBuffer>, as = creator) =>
    site.fetch(url, {
      method: 'PATCH',
      as,
      headers: { ...TUS, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
      body,
    })

  it('goes on where it was cut off, and its last answer is the video', async () => {
    const created = await create(300, { filename: 'tus_film.webm', title: '', visibility: 'private' })
    expect(created.status).toBe(201)
    const url = created.headers.get('location') ?? ''
    expect(url).toMatch(/^\/api\/v1\/uploads\/tus\/[0-9a-f]{32}$/)
    expect((await send(url, 0, bytes(100))).status).toBe(204)
    const head = await site.fetch(url, { method: 'HEAD', as: creator, headers: TUS })
    expect(head.headers.get('upload-offset')).toBe('100')
    const last = await send(url, 100, bytes(200))
    expect(last.status).toBe(200)
    expect(last.headers.get('upload-offset')).toBe('300')
    const video = videoShape.parse(await last.json())
    expect(video).toMatchObject({ title: 'tus film', visibility: 'private', state: 'processing' })
    const row = await site.database.prisma.upload.findUniqueOrThrow({ where: { videoId: video.id } })
    expect(row).toMatchObject({ bytes: 300n, path: `uploads/${row.id}/source.webm` })
    expect((await site.fetch(url, { method: 'HEAD', as: creator, headers: TUS })).status).toBe(404)
    expect(await readdir(`${site.paths.uploads}/tus`)).toEqual([])
  })

  it('that is no video is refused with the reason and not kept', async () => {
    const before = await uploadDirs()
    const url = (await create(10, { filename: 'a.pdf' })).headers.get('location') ?? ''
    site.parts.probe = async () => ({ isVideo: false, reason: 'This is a PDF document, not a video.' })
    const answer = await send(url, 0, bytes(10))
    site.parts.probe = async () => ({ isVideo: true, media: SOURCE })
    expect(answer.status).toBe(422)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await jsonOf(answer)).toMatchObject({ code: 'not-a-video' })
    expect(await uploadDirs()).toEqual(before)
    expect(await readdir(`${site.paths.uploads}/tus`)).toEqual([])
  })

  it('is nobody else’s, not even to look at', async () => {
    const other = await site.person('creator')
    const url = (await create(10, { filename: 'a.mp4' })).headers.get('location') ?? ''
    expect((await site.fetch(url, { method: 'HEAD', as: other, headers: TUS })).status).toBe(404)
    expect((await send(url, 0, bytes(10), other)).status).toBe(404)
    expect((await site.fetch(url, { method: 'DELETE', as: other, headers: TUS })).status).toBe(404)
    expect((await site.fetch(url, { method: 'DELETE', as: creator, headers: TUS })).status).toBe(204)
  })

  it('is refused at once when too large, badly described, or not by a creator', async () => {
    expect((await create(MAX_BYTES + 1, { filename: 'a.mp4' })).status).toBe(413)
    expect((await create(10, { filename: 'a.mp4', visibility: 'secret' })).status).toBe(422)
    expect((await create(10, { filename: 'a.mp4' }, await site.person('viewer'))).status).toBe(403)
    expect(
      (
        await site.fetch('/api/v1/uploads/tus/..%2F..%2Fsecret', {
          method: 'HEAD',
          as: creator,
          headers: TUS,
        })
      ).status,
    ).toBe(404)
  })

  it('and one by form have to fit into what the channel may store, with all that has begun', async () => {
    const as = await site.person('creator')
    expect((await post(form({}, bytes(100)), as)).status).toBe(201)
    await site.database.prisma.channel.updateMany({
      where: { ownerId: as.userId },
      data: { quotaBytes: 1000n },
    })
    const stored = await uploadDirs()
    const byForm = await post(form({}, bytes(2000)), as)
    expect(byForm.status).toBe(507)
    expect(await jsonOf(byForm)).toMatchObject({
      code: 'quota-exceeded',
      detail: expect.stringContaining('Delete videos in the studio'),
    })
    expect((await create(800, { filename: 'a.mp4' }, as)).status).toBe(201)
    const second = await create(200, { filename: 'b.mp4' }, as)
    expect(second.status).toBe(507)
    expect(second.headers.get('content-type')).toContain('application/problem+json')
    expect(await jsonOf(second)).toMatchObject({ code: 'quota-exceeded' })
    expect((await create(50, { filename: 'c.mp4' }, as)).status).toBe(201)
    expect(await uploadDirs()).toEqual(stored)
  })

  it('that goes against the protocol is told so as a problem', async () => {
    const url = (await create(10, { filename: 'a.mp4' })).headers.get('location') ?? ''
    const answer = await send(url, 5, bytes(5))
    expect(answer.status).toBe(409)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(await jsonOf(answer)).toMatchObject({ code: 'conflict', status: 409 })
    const gone = await send(`${url.slice(0, -32)}${'0'.repeat(32)}`, 0, bytes(5))
    expect(gone.status).toBe(404)
    expect(await jsonOf(gone)).toMatchObject({ code: 'not-found' })
  })

  it('that was whole when the program was killed becomes its video at the next start', async () => {
    const url = (await create(10, { filename: 'a.mp4', title: 'Whole' })).headers.get('location') ?? ''
    const id = url.split('/').at(-1) ?? ''
    await writeFile(`${site.paths.uploads}/tus/${id}`, bytes(10))
    await site.delivery.recover()
    const rows = await site.database.prisma.video.findMany({
      where: { title: 'Whole' },
      include: { upload: true },
    })
    expect(rows).toMatchObject([{ state: 'processing', upload: { bytes: 10n } }])
  })
})
