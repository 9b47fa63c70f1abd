/** The catalogue over HTTP: finding, seeing, editing, deleting. */
import { access, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { videoList, video as videoShape } from '../../../src/delivery/contract/videos.ts'
import type { BroadcastId, UploadId, VideoId } from '../../../src/kernel/ids.ts'
import { newId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { jsonOf, startTestSite, type TestPerson, type TestSite } from '../../support/delivery.ts'

let site: TestSite
let owner: TestPerson
let other: TestPerson
let admin: TestPerson
let viewer: TestPerson
beforeAll(async () => {
  site = await startTestSite()
  ;[owner, other, admin, viewer] = await Promise.all([
    site.person('creator', 'Owner'),
    site.person('creator', 'Other'),
    site.person('admin'),
    site.person('viewer'),
  ])
})
afterAll(() => site[Symbol.asyncDispose]())

const patch = (id: string, body: unknown, as?: TestPerson) =>
  site.fetch(`/api/v1/videos/${id}`, {
    method: 'PATCH',
    ...(as && { as }),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const list = async (query: string, as?: TestPerson) => {
  const answer = await site.fetch(`/api/v1/videos?${query}`, as ? { as } : {})
  expect(answer.status).toBe(200)
  return videoList.parse(await answer.json())
}
const ids = async (query: string, as?: TestPerson) => (await list(query, as)).items.map(({ id }) => id)

describe('a video', () => {
  it('is shown as the contract says, with what the asker may do', async () => {
    const id = await site.video(owner, { hasPoster: true, tags: ['a'], durationSeconds: 3.5 })
    const asViewer = videoShape.parse(await (await site.fetch(`/api/v1/videos/${id}`)).json())
    expect(asViewer).toMatchObject({
      id,
      playback: {
        hls: expect.stringMatching(new RegExp(`^/media/[\\w-]{28}/${id}/master\\.m3u8$`)),
        poster: expect.stringMatching(/poster\.jpg$/),
        storyboard: null,
      },
      permissions: { edit: false, delete: false },
      channel: { handle: 'owner' },
    })
    const asOwner = videoShape.parse(await (await site.fetch(`/api/v1/videos/${id}`, { as: owner })).json())
    expect(asOwner.permissions).toEqual({ edit: true, delete: true })
  })

  it('that cannot be played yet has no playlist', async () => {
    const id = await site.video(owner, { playable: false, state: 'processing' })
    expect(await jsonOf(await site.fetch(`/api/v1/videos/${id}`))).toMatchObject({
      playback: { hls: null, poster: null },
    })
  })

  it('says how far each rendition is', async () => {
    const id = await site.video(owner, { state: 'processing' })
    const rendition = await site.database.prisma.rendition.create({
      data: { id: newId(), videoId: id, name: '480p', kind: 'video', state: 'encoding' },
    })
    for (const index of [0, 1, 2]) {
      await site.database.prisma.chunk.create({
        data: {
          id: newId(),
          videoId: id,
          renditionId: rendition.id,
          index,
          firstSegment: index,
          segmentCount: 1,
          startSeconds: index,
          durationSeconds: 1,
          state: index === 0 ? 'ready' : 'waiting',
        },
      })
    }
    expect(await jsonOf(await site.fetch(`/api/v1/videos/${id}`))).toMatchObject({
      renditions: [{ name: '480p', progress: 33.3 }],
    })
  })

  it.each([
    ['public', 200, 200],
    ['unlisted', 200, 200],
    ['private', 404, 200],
  ])(
    'that is %s answers %i to strangers and %i to its owner and administrators',
    async (visibility, stranger, own) => {
      const id = await site.video(owner, { visibility })
      const status = async (as?: TestPerson) =>
        (await site.fetch(`/api/v1/videos/${id}`, as ? { as } : {})).status
      expect([await status(), await status(viewer), await status(other)]).toEqual([
        stranger,
        stranger,
        stranger,
      ])
      expect([await status(owner), await status(admin)]).toEqual([own, own])
    },
  )

  it('that is not there is a problem with a code', async () => {
    const answer = await site.fetch('/api/v1/videos/nothing')
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(await jsonOf(answer)).toEqual({
      type: '/api/docs/errors#not-found',
      title: 'Not found',
      status: 404,
      detail: 'There is no such video.',
      code: 'not-found',
    })
  })
})

describe('editing', () => {
  it('changes what is sent and nothing else, for owners and administrators only', async () => {
    const id = await site.video(owner, { title: 'Old', description: 'stays' })
    for (const [as, status] of [
      [undefined, 401],
      [viewer, 403],
      [other, 403],
      [owner, 200],
      [admin, 200],
    ] as const) {
      expect((await patch(id, { title: ' New ' }, as)).status).toBe(status)
    }
    expect(await jsonOf(await site.fetch(`/api/v1/videos/${id}`))).toMatchObject({
      title: 'New',
      description: 'stays',
    })
  })

  it('keeps one of tags that differ in case only', async () => {
    const id = await site.video(owner)
    expect(await jsonOf(await patch(id, { tags: ['OBS', 'obs', 'Live'] }, owner))).toMatchObject({
      tags: ['obs', 'Live'],
    })
  })

  it.each([
    [{ title: '' }, 'title'],
    [{ title: 'x'.repeat(201) }, 'title'],
    [{ visibility: 'secret' }, 'visibility'],
    [{ tags: Array.from({ length: 21 }, (_, i) => `t${i}`) }, 'tags'],
    [{ tags: [''] }, 'tags.0'],
    [{ state: 'ready' }, ''],
    ['text', ''],
  ])('refuses %j and names the field', async (body, path) => {
    const id = await site.video(owner)
    const answer = await patch(id, body, owner)
    // A JSON text is no object: the parser itself refuses it.
    expect(answer.status).toBe(typeof body === 'string' ? 400 : 422)
    if (typeof body !== 'string')
      expect(await jsonOf(answer)).toMatchObject({ code: 'invalid-input', faults: [{ path }] })
  })
})

describe('lists', () => {
  let catalogue: VideoId[]
  let author: TestPerson
  beforeAll(async () => {
    author = await site.person('creator', 'Author')
    await site.library.channels.ensure(author.userId, 'Author')
    catalogue = []
    const titles = ['Alpha 50%', 'Beta_one', 'Gamma ray', 'Delta', 'epsilon']
    for (const [i, title] of titles.entries()) {
      catalogue.push(
        await site.video(author, {
          title,
          description: i === 2 ? 'About Büffel' : '',
          tags: i === 3 ? ['nature', 'OBS'] : [],
          durationSeconds: i === 1 ? null : i,
          // Two of the same moment: the id decides.
          publishedAt: new Date(Date.UTC(2026, 0, 1 + Math.max(1, i))),
        }),
      )
    }
    await site.video(author, { title: 'Hidden draft', visibility: 'private' })
    await site.video(author, { title: 'Unlisted', visibility: 'unlisted' })
    await site.video(author, { title: 'Being made', state: 'processing', playable: false })
    await site.video(author, { title: 'Deleted', deletedAt: new Date() })
  })

  const CHANNEL = 'channel=author'

  it('show to strangers what is public and can be watched', async () => {
    expect((await ids(CHANNEL)).toSorted()).toEqual(catalogue.toSorted())
  })

  it('show the author’s own unfinished ones among the public, and everything in their own list', async () => {
    expect(await ids(CHANNEL, author)).toHaveLength(6)
    expect(await ids('scope=mine', author)).toHaveLength(8)
    expect(await ids('scope=mine', other)).toEqual(expect.not.arrayContaining(catalogue))
    expect(await ids(`${CHANNEL}&scope=all`, admin)).toHaveLength(8)
  })

  it('of one’s own need a sign-in, of everybody an administrator', async () => {
    expect((await site.fetch('/api/v1/videos?scope=mine')).status).toBe(401)
    expect((await site.fetch('/api/v1/videos?scope=all')).status).toBe(401)
    expect((await site.fetch('/api/v1/videos?scope=all', { as: author })).status).toBe(403)
  })

  it.each([
    ['q=gamma', [2]],
    ['q=BÜFFEL', [2]],
    ['q=ray+gamma', [2]],
    ['q=gamma+delta', []],
    ['q=%25', [0]],
    ['q=_', [1]],
    ['q=obs', [3]],
    ['q=natu', [3]],
    ['tag=OBS', [3]],
    ['tag=none', []],
    ['state=failed', []],
    [`q=${encodeURIComponent("' OR 1=1 --")}`, []],
    ['q=\\', []],
  ])('answer %s', async (query, expected) => {
    expect(await ids(`${CHANNEL}&${query}`)).toEqual(expected.map((i) => catalogue[i]))
  })

  it.each(['newest', 'oldest', 'title', 'longest'])(
    'in the order %s are the same in pages of any size',
    async (sort) => {
      const whole = await ids(`${CHANNEL}&sort=${sort}&limit=100`)
      expect(whole).toHaveLength(5)
      for (const limit of [1, 2, 3, 5]) {
        const paged: string[] = []
        let cursor: string | null = ''
        while (cursor !== null) {
          const page = await list(`${CHANNEL}&sort=${sort}&limit=${limit}${cursor && `&cursor=${cursor}`}`)
          expect(page.items.length).toBeLessThanOrEqual(limit)
          paged.push(...page.items.map(({ id }) => id))
          cursor = page.nextCursor
        }
        expect(paged).toEqual(whole)
      }
    },
  )

  it('are in the order that was asked for', async () => {
    const [a, b, c, d, e] = catalogue
    expect(await ids(`${CHANNEL}&sort=longest`)).toEqual([e, d, c, a, b])
    expect((await ids(`${CHANNEL}&sort=oldest`)).slice(2)).toEqual([c, d, e])
    expect(await ids(`${CHANNEL}&sort=newest`)).toEqual((await ids(`${CHANNEL}&sort=oldest`)).toReversed())
  })

  it.each(['cursor=nonsense', 'cursor=W10'])('refuse %s', async (query) => {
    expect((await site.fetch(`/api/v1/videos?${query}`)).status).toBe(400)
  })

  it.each(['limit=0', 'limit=101', 'limit=x', 'sort=random', 'scope=theirs', 'state=x'])(
    'refuse %s',
    async (query) => {
      expect((await site.fetch(`/api/v1/videos?${query}`)).status).toBe(422)
    },
  )
})

describe('deleting', () => {
  const remove = (id: string, as?: TestPerson) =>
    site.fetch(`/api/v1/videos/${id}`, { method: 'DELETE', ...(as && { as }) })
  const exists = (file: string) =>
    access(file).then(
      () => true,
      () => false,
    )

  it('is for owners and administrators, and takes jobs, files and rows along', async () => {
    const id = await site.video(owner)
    const uploadId = newId<UploadId>()
    const channel = await site.library.channels.ensure(owner.userId, '')
    await site.database.prisma.upload.create({
      data: {
        id: uploadId,
        channelId: channel.id,
        videoId: id,
        fileName: 'a.mp4',
        path: `uploads/${uploadId}/source.mp4`,
        bytes: 1n,
      },
    })
    await mkdir(site.paths.upload(uploadId), { recursive: true })
    await writeFile(path.join(site.paths.upload(uploadId), 'source.mp4'), 'x')
    await site.media.put(mediaKeys.segment(id, '480p', 0), Buffer.from('segment'))
    for (const [as, status] of [
      [undefined, 401],
      [viewer, 403],
      [other, 403],
    ] as const) {
      expect((await remove(id, as)).status).toBe(status)
    }
    expect((await remove(id, owner)).status).toBe(204)
    // At once, whatever the background still does.
    expect((await site.fetch(`/api/v1/videos/${id}`, { as: owner })).status).toBe(404)
    expect((await remove(id, owner)).status).toBe(404)
    await expect.poll(() => site.database.prisma.video.findUnique({ where: { id } })).toBeNull()
    expect(site.cancelledVideos).toContain(id)
    expect(await exists(site.paths.upload(uploadId))).toBe(false)
    expect(await site.media.stat(mediaKeys.segment(id, '480p', 0))).toBeUndefined()
    expect(await site.database.prisma.upload.count({ where: { id: uploadId } })).toBe(0)
  })

  it('of a video on air ends its broadcast first, and waits for one that is on air elsewhere', async () => {
    const id = await site.video(owner, { state: 'live', origin: 'broadcast' })
    const { channelId } = await site.database.prisma.video.findUniqueOrThrow({ where: { id } })
    const broadcastId = newId<BroadcastId>()
    await site.database.prisma.broadcast.create({
      data: { id: broadcastId, channelId, videoId: id, state: 'live' },
    })
    const answer = await remove(id, owner)
    expect(answer.status).toBe(409)
    expect(await jsonOf(answer)).toMatchObject({ code: 'conflict' })
    const { endBroadcast } = site.parts
    onTestFinished(() => void Object.assign(site.parts, { endBroadcast }))
    const ended: string[] = []
    site.parts.endBroadcast = async (asked) => {
      ended.push(asked)
      await site.database.prisma.video.update({ where: { id }, data: { state: 'processing' } })
      return true
    }
    expect((await remove(id, other)).status).toBe(403)
    expect(ended).toEqual([])
    expect((await remove(id, owner)).status).toBe(204)
    expect(ended).toEqual([broadcastId])
    await expect.poll(() => site.database.prisma.video.findUnique({ where: { id } })).toBeNull()
  })

  it('is finished after a crash by the next start', async () => {
    const id = await site.video(owner, { deletedAt: new Date() })
    await site.library.recover()
    await expect.poll(() => site.database.prisma.video.findUnique({ where: { id } })).toBeNull()
  })
})

describe('the jobs of a video', () => {
  it('are for its owner and administrators, to see and to try again', async () => {
    const id = await site.video(owner)
    const job = {
      id: newId(),
      kind: 'encode-chunk' as const,
      videoId: id,
      videoTitle: 'x',
      subject: '480p',
      state: 'failed' as const,
      priority: 1,
      attempts: 3,
      reason: 'ffmpeg',
      log: null,
      why: null,
      percent: null,
      speed: null,
      secondsLeft: null,
      createdAt: new Date(),
      startedAt: null,
      finishedAt: null,
    }
    site.jobs.push(job)
    const seen = async (url: string, as?: TestPerson) => {
      const answer = await site.fetch(url, as ? { as } : {})
      return answer.status === 200
        ? ((await jsonOf(answer)).items as unknown as unknown[]).length
        : answer.status
    }
    expect(await seen(`/api/v1/videos/${id}/jobs`)).toBe(401)
    expect(await seen(`/api/v1/videos/${id}/jobs`, other)).toBe(403)
    expect(await seen(`/api/v1/videos/${id}/jobs`, owner)).toBe(1)
    expect(await seen('/api/v1/jobs', owner)).toBe(1)
    expect(await seen('/api/v1/jobs', other)).toBe(0)
    expect(await seen('/api/v1/jobs', admin)).toBe(1)
    const retry = (as: TestPerson) => site.fetch(`/api/v1/jobs/${job.id}/retry`, { method: 'POST', as })
    expect((await retry(other)).status).toBe(403)
    expect(await jsonOf(await retry(owner))).toMatchObject({ state: 'waiting' })
    expect((await retry(owner)).status).toBe(409)
    expect((await site.fetch('/api/v1/jobs/none/cancel', { method: 'POST', as: admin })).status).toBe(404)
  })

  it('and their queues are paused and resumed by administrators alone', async () => {
    const [owner, admin] = [await site.person('creator'), await site.person('admin')]
    const post = (what: string, as?: TestPerson) =>
      site.fetch(`/api/v1/queues/${what}`, { method: 'POST', ...(as ? { as } : {}) })
    const encoding = async () => {
      const { items } = await jsonOf(await site.fetch('/api/v1/queues', { as: admin }))
      return (items as unknown as { kind: string }[]).find(({ kind }) => kind === 'encode-chunk')
    }
    expect((await site.fetch('/api/v1/queues')).status).toBe(401)
    expect((await site.fetch('/api/v1/queues', { as: owner })).status).toBe(403)
    expect((await post('encode-chunk/pause', owner)).status).toBe(403)
    expect(await encoding()).toMatchObject({ paused: null, waiting: 0, running: 0, failed: 0 })
    expect(await jsonOf(await post('encode-chunk/pause', admin))).toMatchObject({
      kind: 'encode-chunk',
      paused: { at: expect.any(String), by: admin.userId },
    })
    expect(await encoding()).toMatchObject({ paused: { by: admin.userId } })
    expect(await jsonOf(await post('encode-chunk/resume', admin))).toMatchObject({ paused: null })
    // Viewers' waits go on whatever happens.
    expect((await post('encode-now/pause', admin)).status).toBe(404)
    expect((await post('nothing/pause', admin)).status).toBe(404)
  })
})
