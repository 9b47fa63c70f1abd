/** Whom the publish gate refuses: told why in RTMP, and nothing is created: no row, no file, no notification. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type AmfValue, encodeAmf0Values, readAmf0Values } from '../../../src/formats/amf0.ts'
import { newId, type UserId } from '../../../src/kernel/ids.ts'
import { filesBelow, startTestStation, type TestStation } from '../../support/broadcasting.ts'
import { dumpDatabase, hearNotifications, type Notifications } from '../../support/database-dump.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const MUCH = Number.MAX_SAFE_INTEGER

let station: TestStation
let notifications: Notifications
const ports = { usual: 0, crowded: 0, full: 0, small: 0, guessed: 0, draining: 0 }
const keys: Record<string, string> = {}
let onAir: RtmpClient

beforeAll(async () => {
  station = await startTestStation()
  notifications = await hearNotifications(station.databaseUrl, 'reprise_catalogue')
  const { people, library } = station.holdings
  const person = async (name: string) => {
    const email = `${name}@example.org`
    const { id } = await people.create({ email, name, password: 'correct horse', role: 'creator' })
    const [channel] = await library.channels.listOf(id as UserId)
    if (!channel) throw new Error('no channel')
    return { id, email, channelId: channel.id }
  }
  const keyOf = async (email: string, expiresAt?: Date) => people.createStreamKey(email, 'Desk', expiresAt)
  const [ada, bob, eve, full] = [
    await person('ada'),
    await person('bob'),
    await person('eve'),
    await person('full'),
  ]
  keys.good = (await keyOf(ada.email)).key
  keys.other = (await keyOf(bob.email)).key
  const revoked = await keyOf(bob.email)
  keys.revoked = revoked.key
  await people.revokeStreamKey(bob.email, revoked.id)
  keys.expired = (await keyOf(bob.email, new Date(Date.now() - 1000))).key
  keys.suspended = (await keyOf(eve.email)).key
  await people.suspend(eve.id, { reason: 'Spam', until: undefined })
  keys.overQuota = (await keyOf(full.email)).key
  await library.channels.setQuota(full.channelId, 400)
  const { prisma } = station.foundation
  const video = {
    id: 'a-video',
    channelId: full.channelId,
    origin: 'upload',
    title: 'T',
    state: 'ready',
  } as const
  await prisma.video.create({ data: video })
  await prisma.upload.create({
    data: {
      id: newId(),
      channelId: full.channelId,
      videoId: video.id,
      fileName: 'f',
      path: 'p',
      bytes: 500n,
    },
  })

  ports.usual = (await station.serve()).rtmpPort
  ports.guessed = (await station.serve()).rtmpPort
  ports.full = (await station.serve({ minFreeBytes: MUCH })).rtmpPort
  ports.small = (await station.serve({ channelQuotaBytes: 500 })).rtmpPort
  ports.crowded = (await station.serve({ takeover: 'refuse', maxBroadcasts: 1 })).rtmpPort
  const draining = await station.serve()
  await draining.broadcasts.drain()
  ports.draining = draining.rtmpPort

  onAir = await RtmpClient.connected(ports.crowded)
  onAir.command(1, 'publish', 3, null, keys.good, 'live')
  await onAir.status('NetStream.Publish.Start')
  for (let i = 0; i < 10; i += 1) await refusalOf(ports.guessed, `guess-${i}`)
})
/** The encoder that is on air is heard of, so that it counts as alive; resolves when the server has read it. */
beforeEach(async () => {
  const body = encodeAmf0Values(['onTextData', { text: 'on air' }])
  onAir.send({ csid: 5, type: 18, timestampMs: 0, streamId: 1, body })
  await onAir.ping()
})
afterAll(async () => {
  onAir.close()
  await notifications[Symbol.asyncDispose]()
  await station[Symbol.asyncDispose]()
})

/** The description of the error that the encoder is told before the connection is closed. */
async function refusalOf(port: number, key: string): Promise<string> {
  const client = await RtmpClient.connected(port)
  client.command(1, 'publish', 3, null, key, 'live')
  const info = (body: Buffer) => readAmf0Values(body)[3] as Record<string, AmfValue> | undefined
  const { body } = await client.answer((answer) => answer.type === 20 && info(answer.body)?.level === 'error')
  await client.closed
  return String(info(body)?.description)
}

async function everything() {
  return {
    rows: await dumpDatabase(station.databaseUrl, ['public']),
    files: await filesBelow(station.storageDir),
    notifications: await notifications.heard(),
  }
}

it.each<[string, keyof typeof ports, () => string, string]>([
  ['an unknown key', 'usual', () => 'rk_unknown', 'Unknown stream key. Copy it again from the studio'],
  ['no key', 'usual', () => '', 'No stream key was sent'],
  ['a key longer than any', 'usual', () => 'k'.repeat(300), 'The stream key is too long'],
  ['a key that would be a path', 'usual', () => '../../../../etc/passwd', 'Unknown stream key'],
  ['a revoked key', 'usual', () => keys.revoked ?? '', 'This stream key was revoked'],
  ['a key that has expired', 'usual', () => keys.expired ?? '', 'This stream key has expired'],
  [
    'a suspended person',
    'usual',
    () => keys.suspended ?? '',
    'suspended and may not broadcast. Reason: Spam.',
  ],
  ['a channel over its own quota', 'usual', () => keys.overQuota ?? '', "Your channel's storage is full"],
  ['a channel over the usual quota', 'small', () => keys.overQuota ?? '', "Your channel's storage is full"],
  ['who comes when the disk is full', 'full', () => keys.good ?? '', "The server's disk is nearly full"],
  ['a second encoder on a channel', 'crowded', () => keys.good ?? '', 'Another encoder is on air'],
  ['one broadcast too many', 'crowded', () => keys.other ?? '', 'The server takes 1 broadcast at once'],
  ['who guesses', 'guessed', () => keys.good ?? '', 'Too many wrong stream keys from your address'],
  ['who comes when the server stops', 'draining', () => keys.good ?? '', 'The server is restarting'],
])('refuses %s in words, and leaves no row, no file and no notification', async (_whom, port, key, words) => {
  const before = await everything()
  expect(await refusalOf(ports[port], key())).toContain(words)
  expect(await everything()).toEqual(before)
})

it('lets in who may, and that leaves all three', async () => {
  const before = await everything()
  const client = await RtmpClient.connected(ports.usual)
  client.command(1, 'publish', 3, null, keys.other ?? '', 'live')
  await client.status('NetStream.Publish.Start')
  const after = await everything()
  expect(after.rows.get('public.broadcasts')).not.toBe(before.rows.get('public.broadcasts'))
  expect(after.rows.get('public.stream_keys'), 'last used').not.toBe(before.rows.get('public.stream_keys'))
  expect(after.files.length).toBeGreaterThan(before.files.length)
  expect(after.notifications.length).toBeGreaterThan(before.notifications.length)
  client.close()
})
