/** A broadcast is not a connection: a hundred connections that end in every way, one video, and nothing missing in it. */
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Broadcasting } from '../../../src/composition/broadcasting.ts'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import type { BroadcastId, VideoId } from '../../../src/kernel/ids.ts'
import { mediaKeys } from '../../../src/media/layout.ts'
import { parseTimeline } from '../../../src/packaging/timeline.ts'
import { filesBelow, startTestStation, type TestStation } from '../../support/broadcasting.ts'
import { makeBroadcastSource } from '../../support/ffmpeg.ts'
import { messagesOf } from '../../support/packaged-video.ts'
import {
  cutStream,
  isFrame,
  type Leaving,
  outgoing,
  RestlessEncoder,
} from '../../support/rtmp/restless-encoder.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const CONNECTIONS = 100
const LEAVINGS: readonly Leaving[] = ['reset', 'closed', 'takeover']

let station: TestStation
let serving: Broadcasting
let port: number
let key: string
const sources: MediaMessage[][] = []

beforeAll(async () => {
  station = await startTestStation()
  serving = await station.serve()
  port = serving.rtmpPort
  const { people } = station.holdings
  await people.create({ email: 'ada@example.org', name: 'Ada', password: 'correct horse', role: 'creator' })
  key = (await people.createStreamKey('ada@example.org', 'Desk')).key
  for (const size of ['320x180', '426x240']) {
    const file = path.join(station.storageDir, 'tmp', `${size}.flv`)
    await makeBroadcastSource(file, { seconds: 8, size, frameRate: 10 })
    sources.push(await messagesOf(file))
  }
})
afterAll(() => station?.[Symbol.asyncDispose]())

const broadcasts = () =>
  station.foundation.prisma.broadcast.findMany({
    orderBy: { startedAt: 'asc' },
    include: { sessions: { orderBy: { ordinal: 'asc' } }, video: true },
  })

it('a hundred random reconnects make one video that has everything that was sent', async () => {
  // The run's own numbers, so that a failure can be repeated.
  const seed = Math.trunc(Math.random() * 2 ** 31)
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]) => from[Math.trunc(random() * from.length)] as T
  const encoder = new RestlessEncoder(port, key)
  const leavings: Leaving[] = []
  for (let i = 0; i < CONNECTIONS; i += 1) {
    const messages = cutStream(pick(sources), Math.trunc(random() * 3), 1)
    const leaving = i === CONNECTIONS - 1 ? 'goodbye' : pick(LEAVINGS)
    leavings.push(leaving)
    await encoder.connect(messages, leaving)
    // How long it is away is part of what is random.
    await delay(random() * 30)
  }
  await encoder.settled()
  await expect
    .poll(async () => (await broadcasts()).map(({ state }) => state), { message: `seed ${seed}` })
    .toEqual(['ended'])

  const [broadcast] = await broadcasts()
  expect(broadcast?.sessions.length).toBe(CONNECTIONS)
  // On a busy machine the next one may be there before the news that the one before has left.
  const left = ['dropped', 'silent', 'taken-over']
  const endings = {
    takeover: ['taken-over'],
    goodbye: ['unpublished'],
    reset: left,
    closed: left,
    lost: left,
  }
  for (const [index, { ending }] of (broadcast?.sessions ?? []).entries())
    expect(endings[leavings[index] ?? 'lost'], `session ${index}, seed ${seed}`).toContain(ending)
  const recorded = await recordedFrames(broadcast?.id ?? '')
  expect(recorded.length, `seed ${seed}`).toBe(encoder.sent.length)
  expect(Buffer.concat(recorded).equals(Buffer.concat(encoder.sent)), `seed ${seed}`).toBe(true)

  const timeline = mediaKeys.timeline(broadcast?.videoId as VideoId)
  const { segments, ended } = parseTimeline((await station.foundation.store.read(timeline))?.toString() ?? '')
  expect(ended).toBe(true)
  expect(
    segments.reduce((sum, { frames }) => sum + frames, 0),
    `seed ${seed}`,
  ).toBe(encoder.pictures)
  expect(segments.filter(({ discontinuity }) => discontinuity).length).toBe(CONNECTIONS - 1)

  await encoder.connect(cutStream(sources[0] ?? [], 0, 1), 'closed')
  expect(
    (await broadcasts()).map(({ state }) => state),
    'after a goodbye comes another one',
  ).toHaveLength(2)
})

it('an encoder that is back at once loses nothing of what it had sent before', async () => {
  const { people } = station.holdings
  const email = 'grace@example.org'
  await people.create({ email, name: 'Grace', password: 'correct horse', role: 'creator' })
  const encoder = new RestlessEncoder(port, (await people.createStreamKey(email, 'Desk')).key)
  const [source = []] = sources
  for (let i = 0; i < 10; i += 1) await encoder.connect(cutStream(source, i % 2, 1), 'lost')
  await encoder.connect(cutStream(source, 0, 1), 'goodbye')
  const own = async () => (await broadcasts()).filter(({ video }) => video?.title.startsWith('Grace'))
  await expect.poll(async () => (await own()).map(({ state }) => state)).toEqual(['ended'])
  const recorded = await recordedFrames((await own())[0]?.id ?? '')
  expect(recorded.length).toBe(encoder.sent.length)
  expect(Buffer.concat(recorded).equals(Buffer.concat(encoder.sent))).toBe(true)
})

it('an encoder whose broadcast its creator ended is not heard after a restart of the server either', async () => {
  const { people } = station.holdings
  const email = 'joan@example.org'
  await people.create({ email, name: 'Joan', password: 'correct horse', role: 'creator' })
  const { key: ownKey } = await people.createStreamKey(email, 'Desk')
  const own = async () => (await broadcasts()).filter(({ video }) => video?.title.startsWith('Joan'))
  const publish = async (rtmpPort: number) => {
    const client = await RtmpClient.connected(rtmpPort, { app: 'live', flashVer: 'restless' })
    client.command(1, 'publish', 3, null, ownKey, 'live')
    const { description } = await client.status('NetStream.Publish.Start')
    return { client, description }
  }
  const { client } = await publish(port)
  for (const message of cutStream(sources[0] ?? [], 0, 1)) client.send(outgoing(message))
  await client.ping()
  expect(await serving.broadcasts.end((await own())[0]?.id as BroadcastId)).toBe(true)
  const unheard = () => station.foundation.prisma.channel.findFirst({ where: { owner: { email } } })
  await expect.poll(async () => (await unheard())?.unheardEncoder).toMatchObject({ encoder: 'restless' })

  const next = await station.serve()
  const again = await publish(next.rtmpPort)
  expect(again.description).toContain('This broadcast was ended.')
  again.client.command(0, 'deleteStream', 4, null, 1)
  await expect.poll(async () => (await unheard())?.unheardEncoder).toBeNull()
  client.close()
  expect(await own()).toHaveLength(1)
})

it('a suspension ends what is on air, its encoder is told why, and what was sent is kept', async () => {
  const { people, library } = station.holdings
  const email = 'mallory@example.org'
  const { id } = await people.create({ email, name: 'Mallory', password: 'correct horse', role: 'creator' })
  const [channel] = await library.channels.listOf(id)
  const client = await RtmpClient.connected(port)
  client.command(1, 'publish', 3, null, (await people.createStreamKey(email, 'Desk')).key, 'live')
  await client.status('NetStream.Publish.Start')
  const messages = cutStream(sources[0] ?? [], 0, 2)
  for (const message of messages) client.send(outgoing(message))
  await client.ping()
  await people.suspend(id, { reason: 'Spam', until: undefined })
  const { description } = await client.status('NetStream.Publish.Denied')
  expect(description).toBe(
    'This channel is suspended and may not broadcast. Reason: Spam. Ask the administrator.',
  )
  await client.closed
  const own = async () => (await broadcasts()).find(({ channelId }) => channelId === channel?.id)
  await expect.poll(async () => (await own())?.state).toBe('ended')
  expect(await own()).toMatchObject({
    sessions: [{ ending: 'suspended' }],
    video: { state: expect.stringMatching(/^(processing|ready)$/), playable: true },
  })
})

/** Pictures and sounds of all parts, in order. */
async function recordedFrames(broadcastId: string): Promise<Buffer[]> {
  const folder = path.join(station.storageDir, 'recordings', broadcastId)
  const parts = (await filesBelow(folder)).filter((file) => file.endsWith('.flv'))
  const recorded: Buffer[] = []
  for (const part of parts.toSorted(byNumber))
    for (const message of await messagesOf(part))
      if (isFrame(message)) recorded.push(Buffer.concat(message.parts))
  return recorded
}

const byNumber = (a: string, b: string) =>
  Number.parseInt(path.basename(a), 10) - Number.parseInt(path.basename(b), 10)

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
