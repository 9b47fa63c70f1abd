/** Signing in, sessions, API tokens and what other sites may not do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonOf, PASSWORD, startTestSite, type TestSite } from '../../support/delivery.ts'

let site: TestSite
beforeAll(async () => {
  site = await startTestSite()
})
afterAll(() => site[Symbol.asyncDispose]())

const signIn = (email: string, password: string, headers: Record<string, string> = {}) =>
  site.fetch('/api/auth/sign-in/email', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ email, password }),
  })
const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')

describe('signing in', () => {
  it('gives a session that says who one is, until one signs out', async () => {
    const { email, userId } = await site.person('creator', 'Ève')
    const answer = await signIn(email.toUpperCase(), PASSWORD)
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie()[0]).toMatch(/^reprise\.session_token=.*HttpOnly; SameSite=Lax/)
    const cookie = cookieOf(answer)
    const me = await site.fetch('/api/v1/me', { headers: { cookie } })
    expect(await me.json()).toEqual({
      id: userId,
      name: 'Ève',
      email,
      role: 'creator',
      channels: [{ id: expect.any(String), handle: 'eve', name: 'Ève' }],
    })
    const out = await site.fetch('/api/auth/sign-out', {
      method: 'POST',
      headers: { cookie, origin: site.base },
    })
    expect(out.status).toBe(200)
    expect((await site.fetch('/api/v1/me', { headers: { cookie } })).status).toBe(401)
  })

  it('refuses a wrong password and an unknown person with the same words', async () => {
    const { email } = await site.person('viewer')
    const [wrong, unknown] = await Promise.all([
      signIn(email, 'not the password'),
      signIn('nobody@example.org', PASSWORD),
    ])
    expect(wrong.status).toBe(401)
    expect(wrong.headers.get('content-type')).toMatch('application/problem+json')
    const [a, b] = [await jsonOf(wrong), await jsonOf(unknown)]
    expect(a).toEqual(b)
    expect(a).toMatchObject({ code: 'sign-in-required', detail: 'Invalid email or password' })
  })

  it('lets nobody sign up by themselves', async () => {
    const answer = await site.fetch('/api/auth/sign-up/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'x@example.org', password: PASSWORD, name: 'X' }),
    })
    expect(answer.status).toBe(404)
    expect(await site.people.list()).not.toContainEqual(expect.objectContaining({ email: 'x@example.org' }))
  })

  it('does not let an administrator take a person’s videos along by removing the person', async () => {
    const [admin, creator] = [await site.person('admin'), await site.person('creator')]
    const cookie = cookieOf(await signIn(admin.email, PASSWORD))
    const administer = (path: string, body: object) =>
      site.fetch(`/api/auth/admin/${path}`, {
        method: 'POST',
        headers: { cookie, origin: site.base, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await administer('remove-user', { userId: creator.userId })).status).toBe(404)
    expect((await administer('impersonate-user', { userId: creator.userId })).status).toBe(404)
    expect((await administer('set-role', { userId: creator.userId, role: 'viewer' })).status).toBe(200)
    expect((await administer('set-role', { userId: creator.userId, role: 'emperor' })).status).toBe(400)
    expect(await site.library.people.find(creator.userId)).toMatchObject({ role: 'viewer' })
  })

  it('works from a page of this site by whatever name it is reached, and not from another', async () => {
    const { email } = await site.person('viewer')
    const from = async (headers: Record<string, string>) => (await signIn(email, PASSWORD, headers)).status
    expect(await from({ origin: site.base })).toBe(200)
    expect(await from({ origin: 'http://site.example' })).toBe(200)
    expect(await from({ origin: 'http://evil.example' })).toBe(403)
    expect(await from({ origin: 'null' })).toBe(403)
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403)
  })

  it('shuts out a banned person at once', async () => {
    const person = await site.person('creator')
    const cookie = cookieOf(await signIn(person.email, PASSWORD))
    await site.database.prisma.user.update({ where: { id: person.userId }, data: { banned: true } })
    expect((await site.fetch('/api/v1/me', { headers: { cookie } })).status).toBe(401)
    expect((await site.fetch('/api/v1/me', { as: person })).status).toBe(401)
    expect((await signIn(person.email, PASSWORD)).status).toBe(403)
  })

  it('takes a new password and ends the sessions of the old one', async () => {
    const { email } = await site.person('viewer')
    const cookie = cookieOf(await signIn(email, PASSWORD))
    await site.people.setPassword(email, 'another password')
    expect((await site.fetch('/api/v1/me', { headers: { cookie } })).status).toBe(401)
    expect((await signIn(email, PASSWORD)).status).toBe(401)
    expect((await signIn(email, 'another password')).status).toBe(200)
  })

  it('gives a role with the next request, and a channel with it', async () => {
    const person = await site.person('viewer')
    expect(
      (
        await site.fetch('/api/v1/stream-keys', {
          method: 'POST',
          as: person,
          headers: { 'content-type': 'application/json' },
          body: '{"label":"x"}',
        })
      ).status,
    ).toBe(403)
    await site.people.setRole(person.email, 'creator')
    expect(await jsonOf(await site.fetch('/api/v1/me', { as: person }))).toMatchObject({
      role: 'creator',
      channels: [{ name: 'viewer' }],
    })
  })
})

describe('an API token', () => {
  const post = (as: Parameters<TestSite['fetch']>[1], body: unknown) =>
    site.fetch('/api/v1/api-tokens', {
      method: 'POST',
      ...as,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('is shown once, listed without its secret, and stops working when revoked', async () => {
    const person = await site.person('viewer')
    const made = await jsonOf(await post({ as: person }, { label: 'robot' }))
    expect(made).toMatchObject({
      label: 'robot',
      token: expect.stringMatching(/^rpt_[\w-]{32}$/),
      expiresAt: null,
    })
    const robot = { ...person, auth: { authorization: `Bearer ${String(made.token)}` } }
    const { items } = (await jsonOf(await site.fetch('/api/v1/api-tokens', { as: robot }))) as never as {
      items: object[]
    }
    expect(items).toHaveLength(2)
    expect(JSON.stringify(items)).not.toContain('rpt_')
    expect(
      (await site.fetch(`/api/v1/api-tokens/${String(made.id)}`, { method: 'DELETE', as: robot })).status,
    ).toBe(204)
    const after = await site.fetch('/api/v1/me', { as: robot })
    expect(after.status).toBe(401)
    expect(await jsonOf(after)).toMatchObject({ code: 'sign-in-required' })
  })

  it('is nobody else’s to revoke', async () => {
    const [a, b] = [await site.person('viewer'), await site.person('admin')]
    const made = await jsonOf(await post({ as: a }, { label: 'mine' }))
    expect(
      (await site.fetch(`/api/v1/api-tokens/${String(made.id)}`, { method: 'DELETE', as: b })).status,
    ).toBe(404)
  })

  it('expires, and cannot be made expired', async () => {
    const person = await site.person('viewer')
    const past = await post({ as: person }, { label: 'old', expiresAt: '2020-01-01T00:00:00Z' })
    expect(past.status).toBe(422)
    expect(await jsonOf(past)).toMatchObject({ faults: [{ path: 'expiresAt' }] })
    const made = await jsonOf(
      await post({ as: person }, { label: 'soon', expiresAt: new Date(Date.now() + 3600_000).toISOString() }),
    )
    await site.database.prisma.apiToken.update({
      where: { id: String(made.id) },
      data: { expiresAt: new Date(Date.now() - 1000) },
    })
    expect(
      (await site.fetch('/api/v1/me', { headers: { authorization: `Bearer ${String(made.token)}` } })).status,
    ).toBe(401)
  })

  it('that is none is an error, not an anonymous asker', async () => {
    for (const authorization of ['Bearer rpt_nonsense', 'Bearer x', 'Basic YTpi', '']) {
      expect((await site.fetch('/api/v1/videos', { headers: { authorization } })).status, authorization).toBe(
        401,
      )
    }
  })

  it('needs no Origin: no browser sends it by itself', async () => {
    const person = await site.person('viewer')
    const answer = await site.fetch('/api/v1/api-tokens', {
      method: 'POST',
      as: person,
      headers: { 'content-type': 'application/json', origin: 'http://elsewhere.example' },
      body: '{"label":"x"}',
    })
    expect(answer.status).toBe(201)
  })
})

describe('stream keys', () => {
  it('are made, listed without the secret, and revoked by their owner', async () => {
    const [creator, other] = [await site.person('creator'), await site.person('creator')]
    const made = await jsonOf(
      await site.fetch('/api/v1/stream-keys', {
        method: 'POST',
        as: creator,
        headers: { 'content-type': 'application/json' },
        body: '{"label":" OBS "}',
      }),
    )
    expect(made).toEqual({
      id: expect.any(String),
      label: 'OBS',
      key: expect.stringMatching(/^rk_/),
      server: 'rtmp://site.example:1935/live',
      publishUrl: `rtmp://site.example:1935/live/${String(made.key)}`,
    })
    const listed = await jsonOf(await site.fetch('/api/v1/stream-keys', { as: creator }))
    expect(listed).toMatchObject({
      items: [{ id: made.id, label: 'OBS', hint: String(made.key).slice(-4), lastUsedAt: null }],
    })
    expect(JSON.stringify(listed)).not.toContain(made.key)
    const remove = (as: typeof creator) =>
      site.fetch(`/api/v1/stream-keys/${String(made.id)}`, { method: 'DELETE', as })
    expect((await remove(other)).status).toBe(404)
    expect((await remove(creator)).status).toBe(204)
    expect(await jsonOf(await site.fetch('/api/v1/stream-keys', { as: creator }))).toMatchObject({
      items: [],
    })
  })
})
