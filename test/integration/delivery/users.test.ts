/** Administering people: suspending, restoring, quotas. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type UserList, user, userList } from '../../../src/delivery/contract/people.ts'
import { newId } from '../../../src/kernel/ids.ts'
import { jsonOf, PASSWORD, startTestSite, type TestPerson, type TestSite } from '../../support/delivery.ts'

let site: TestSite
let admin: TestPerson
beforeAll(async () => {
  site = await startTestSite()
  admin = await site.person('admin')
})
afterAll(() => site[Symbol.asyncDispose]())

const post = (path: string, as: TestPerson, body: unknown = {}, method = 'POST') =>
  site.fetch(path, {
    method,
    as,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const listed = async (): Promise<UserList['items']> =>
  userList.parse(await (await site.fetch('/api/v1/users', { as: admin })).json()).items

it('shows administrators everybody, with what their channels store, and nobody else anything', async () => {
  const eve = await site.person('creator', 'Eve')
  const [channel] = await site.library.channels.listOf(eve.userId)
  const videoId = await site.video(eve)
  const rendition = { id: newId(), videoId, name: 'original', kind: 'original', bytes: 500n } as const
  await site.database.prisma.rendition.create({ data: rendition })
  expect((await listed()).find(({ id }) => id === eve.userId)).toEqual({
    id: eve.userId,
    name: 'Eve',
    email: eve.email,
    role: 'creator',
    suspension: null,
    channels: [{ id: channel?.id, handle: 'eve', name: 'Eve', storedBytes: 500, quotaBytes: null }],
  })
  expect((await site.fetch('/api/v1/users', { as: eve })).status).toBe(403)
  expect((await site.fetch('/api/v1/users')).status).toBe(401)
})

it('suspends somebody: signed out, token refused, sign-in refused; and restores them', async () => {
  const mallory = await site.person('creator', 'Mallory')
  const path = `/api/v1/users/${mallory.userId}`
  const body = JSON.stringify({ email: mallory.email, password: PASSWORD })
  const signIn = () =>
    site.fetch('/api/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  const cookie = (await signIn()).headers.getSetCookie().map((one) => one.split(';')[0])
  const headers = { cookie: cookie.join('; ') }
  expect((await site.fetch('/api/v1/me', { headers })).status).toBe(200)
  const suspended = await post(`${path}/suspend`, admin, { reason: 'Spam' })
  expect(user.parse(await suspended.json()).suspension).toEqual({ reason: 'Spam', until: null })
  expect((await site.fetch('/api/v1/me', { headers })).status).toBe(401)
  expect((await site.fetch('/api/v1/me', { as: mallory })).status).toBe(401)
  expect((await signIn()).ok).toBe(false)
  const restored = await post(`${path}/restore`, admin)
  expect(user.parse(await restored.json()).suspension).toBeNull()
  expect((await site.fetch('/api/v1/me', { as: mallory })).status).toBe(200)
  expect((await signIn()).ok).toBe(true)
})

it('takes a suspension for over when its time is', async () => {
  const { userId, email } = await site.person('creator')
  await post(`/api/v1/users/${userId}/suspend`, admin, { until: new Date(Date.now() - 1000).toISOString() })
  expect((await listed()).find((person) => person.email === email)?.suspension).toBeNull()
})

it('lets only administrators suspend, and nobody themselves', async () => {
  const eve = await site.person('creator')
  expect((await post(`/api/v1/users/${admin.userId}/suspend`, eve)).status).toBe(403)
  const own = await post(`/api/v1/users/${admin.userId}/suspend`, admin)
  expect([own.status, (await jsonOf(own)).detail]).toEqual([409, 'You cannot suspend yourself.'])
  expect((await post('/api/v1/users/nobody/suspend', admin)).status).toBe(404)
  expect((await post('/api/v1/users/nobody/restore', admin)).status).toBe(404)
})

it('sets what a channel may store', async () => {
  const eve = await site.person('creator')
  const [channel] = await site.library.channels.listOf(eve.userId)
  const quotaOf = async () => (await listed()).find(({ id }) => id === eve.userId)?.channels[0]?.quotaBytes
  for (const quotaBytes of [5_000_000_000_000, 0, null]) {
    expect((await post(`/api/v1/channels/${channel?.id}`, admin, { quotaBytes }, 'PATCH')).status).toBe(204)
    expect(await quotaOf()).toBe(quotaBytes)
  }
  expect((await post(`/api/v1/channels/${channel?.id}`, eve, { quotaBytes: 0 }, 'PATCH')).status).toBe(403)
  expect((await post('/api/v1/channels/none', admin, { quotaBytes: 1 }, 'PATCH')).status).toBe(404)
  expect((await post(`/api/v1/channels/${channel?.id}`, admin, { quotaBytes: -1 }, 'PATCH')).status).toBe(422)
})

it('lets owners and administrators say what is made of a channel’s videos beforehand, and kept', async () => {
  const ada = await site.person('creator', 'Ada')
  const other = await site.person('creator', 'Somebody')
  const [channel] = await site.library.channels.listOf(ada.userId)
  const path = `/api/v1/channels/${channel?.id}/renditions`
  const asSite = { policy: null, keepDays: null, effective: { policy: 'eager', keepDays: 0 } }
  expect(await jsonOf(await site.fetch(path, { as: ada }))).toEqual(asSite)
  const lazy = { policy: 'lazy', keepDays: null, effective: { policy: 'lazy', keepDays: 0 } }
  expect(await jsonOf(await post(path, ada, { policy: 'lazy' }, 'PATCH'))).toEqual(lazy)
  expect(await jsonOf(await post(path, admin, { keepDays: 30 }, 'PATCH'))).toEqual({
    policy: 'lazy',
    keepDays: 30,
    effective: { policy: 'lazy', keepDays: 30 },
  })
  expect(await jsonOf(await post(path, ada, { policy: null, keepDays: null }, 'PATCH'))).toEqual(asSite)
  expect((await post(path, other, { policy: 'lazy' }, 'PATCH')).status).toBe(403)
  expect((await site.fetch(path, { as: other })).status).toBe(403)
  expect((await site.fetch(path)).status).toBe(401)
  expect((await post(path, ada, { policy: 'none' }, 'PATCH')).status).toBe(422)
  expect((await post(path, ada, { keepDays: -1 }, 'PATCH')).status).toBe(422)
  expect((await site.fetch('/api/v1/channels/none/renditions', { as: admin })).status).toBe(404)
})
