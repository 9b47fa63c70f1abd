/** Server-sent events: what is told to whom. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ServerEvent, serverEvent } from '../../../src/delivery/contract/events.ts'
import { newId, type VideoId } from '../../../src/kernel/ids.ts'
import { startTestSite, type TestPerson, type TestSite } from '../../support/delivery.ts'
import { makeHealth } from '../../support/health.ts'

let site: TestSite
let owner: TestPerson
let other: TestPerson
beforeAll(async () => {
  site = await startTestSite()
  ;[owner, other] = await Promise.all([site.person('creator'), site.person('creator')])
})
afterAll(() => site[Symbol.asyncDispose]())

interface Listening extends Disposable {
  readonly events: ServerEvent[]
}

async function listen(query = '', as?: TestPerson): Promise<Listening> {
  const leaving = new AbortController()
  const answer = await site.fetch(`/api/v1/events${query}`, { signal: leaving.signal, ...(as && { as }) })
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(answer.headers.get('content-encoding')).toBeNull()
  const events: ServerEvent[] = []
  void (async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      const whole = text.split('\n\n')
      text = whole.pop() ?? ''
      for (const block of whole) {
        const data = /^data: (.*)$/m.exec(block)?.[1]
        const name = /^event: (.*)$/m.exec(block)?.[1]
        if (data === undefined) continue
        const event = serverEvent.parse(JSON.parse(data))
        expect(event.type).toBe(name)
        events.push(event)
      }
    }
  })().catch(() => {})
  return { events, [Symbol.dispose]: () => leaving.abort() }
}

const videosIn = ({ events }: Listening) =>
  events.flatMap((event) => (event.type === 'video' ? [event.video.id] : []))
const patch = (id: VideoId, data: Record<string, unknown>) =>
  site.database.prisma.video.update({ where: { id }, data })

describe('events', () => {
  it('tell everybody of public videos, and of others only those who may edit them', async () => {
    using anyone = await listen()
    using mine = await listen('', owner)
    using theirs = await listen('', other)
    const open = await site.video(owner)
    const draft = await site.video(owner, { visibility: 'private' })
    const unlisted = await site.video(owner, { visibility: 'unlisted' })
    await expect.poll(() => videosIn(mine).toSorted()).toEqual([open, draft, unlisted].toSorted())
    await expect.poll(() => videosIn(anyone)).toEqual([open])
    await expect.poll(() => videosIn(theirs)).toEqual([open])
  })

  it('show each asker what they may do', async () => {
    using mine = await listen('', owner)
    using theirs = await listen('', other)
    const id = await site.video(owner)
    const edit = ({ events }: Listening) =>
      events.flatMap((event) =>
        event.type === 'video' && event.video.id === id ? [event.video.permissions.edit] : [],
      )
    await expect.poll(() => [edit(mine), edit(theirs)]).toEqual([[true], [false]])
  })

  it('of one video come to whoever knows its address', async () => {
    const id = await site.video(owner, { visibility: 'unlisted' })
    using one = await listen(`?video=${id}`)
    await site.video(owner)
    await patch(id, { title: 'New' })
    // News of its making may come late: the last event counts.
    await expect.poll(() => one.events.at(-1)).toMatchObject({ type: 'video', video: { id, title: 'New' } })
    expect(new Set(videosIn(one))).toEqual(new Set([id]))
  })

  it('of quick changes are the last of them, at most twice a second', async () => {
    const id = await site.video(owner, { state: 'processing' })
    using one = await listen(`?video=${id}`)
    const startedMs = performance.now()
    for (let progress = 1; progress <= 40; progress += 1) await patch(id, { progress })
    const last = () =>
      one.events.flatMap((event) => (event.type === 'video' ? [event.video.progress] : [])).at(-1)
    await expect.poll(last).toBe(40)
    // One at the beginning, one at the end, and two for each second between.
    expect(one.events.length).toBeLessThanOrEqual(2 + (2 * (performance.now() - startedMs)) / 1000)
  })

  it('tell of progress in chunks', async () => {
    const id = await site.video(owner, { state: 'processing' })
    const rendition = await site.database.prisma.rendition.create({
      data: { id: newId(), videoId: id, name: '240p', kind: 'video', state: 'encoding' },
    })
    const chunk = await site.database.prisma.chunk.create({
      data: {
        id: newId(),
        videoId: id,
        renditionId: rendition.id,
        index: 0,
        firstSegment: 0,
        segmentCount: 1,
        startSeconds: 0,
        durationSeconds: 1,
        state: 'encoding',
      },
    })
    using one = await listen(`?video=${id}`)
    await site.database.prisma.chunk.update({ where: { id: chunk.id }, data: { state: 'ready' } })
    await expect
      .poll(() => one.events.at(-1))
      .toMatchObject({ type: 'video', video: { renditions: [{ progress: 100 }] } })
  })

  it('say when a video is gone, or withdrawn', async () => {
    const [gone, withdrawn] = [await site.video(owner), await site.video(owner)]
    using anyone = await listen()
    await patch(withdrawn, { title: 'Seen' })
    await expect.poll(() => videosIn(anyone)).toContain(withdrawn)
    await patch(withdrawn, { visibility: 'private' })
    await site.fetch(`/api/v1/videos/${gone}`, { method: 'DELETE', as: owner })
    const deleted = () =>
      anyone.events.flatMap((event) => (event.type === 'video-deleted' ? [event.videoId] : []))
    await expect.poll(() => [...new Set(deleted())].toSorted()).toEqual([gone, withdrawn].toSorted())
  })

  it('of a broadcast, with its health, come to who may manage it', async () => {
    const health = makeHealth()
    const history = [{ atMs: Date.now(), bitsPerSecond: 5, frameRate: 30 }]
    const id = await site.video(owner, { state: 'live', origin: 'broadcast' })
    const channel = await site.library.channels.ensure(owner.userId, '')
    const broadcastId = newId()
    using mine = await listen('', owner)
    using theirs = await listen('', other)
    site.parts.onAirOf = (which) =>
      which === broadcastId
        ? { unheard: false, health, history, recordedBytes: 10, recordedSeconds: 1 }
        : undefined
    await site.database.prisma.broadcast.create({
      data: { id: broadcastId, channelId: channel.id, videoId: id, state: 'live' },
    })
    const seen = ({ events }: Listening) =>
      events.flatMap((event) => (event.type === 'broadcast' ? [event.broadcast] : []))
    await expect.poll(() => seen(mine).length).toBeGreaterThanOrEqual(2)
    expect(seen(mine)[0]).toMatchObject({ id: broadcastId, health, recording: { bytes: 10 } })
    expect(seen(theirs)).toEqual([])
    const minutes = await site.fetch(`/api/v1/broadcasts/${broadcastId}/health`, { as: owner })
    expect(await minutes.json()).toEqual({
      items: [{ at: expect.any(String), bitsPerSecond: 5, frameRate: 30 }],
    })
    expect((await site.fetch(`/api/v1/broadcasts/${broadcastId}/health`, { as: other })).status).toBe(403)
    await site.database.prisma.broadcast.update({
      where: { id: broadcastId },
      data: { state: 'ended', endedAt: new Date() },
    })
    await expect.poll(() => seen(mine).at(-1)).toMatchObject({ state: 'ended', health: null })
  })

  it('have a head that ends', async () => {
    const answer = await site.fetch('/api/v1/events', { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })

  it('end when the server closes, and do not keep it', async () => {
    const closing = await startTestSite()
    const answer = await closing.fetch('/api/v1/events')
    const reading = answer.text()
    await closing[Symbol.asyncDispose]()
    expect(await reading).toBe('retry: 2000\n\n')
  })
})
