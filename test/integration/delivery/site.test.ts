/** The rest of the site: documents, health, metrics, pages, and what happens when things are wrong. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWebServer } from '../../../src/delivery/server.ts'
import { newId } from '../../../src/kernel/ids.ts'
import { jsonOf, startTestSite, type TestPerson, type TestSite } from '../../support/delivery.ts'

let site: TestSite
let owner: TestPerson
let webDir: string
beforeAll(async () => {
  webDir = await mkdtemp(path.join(tmpdir(), 'reprise-web-'))
  await mkdir(path.join(webDir, 'assets'))
  await writeFile(
    path.join(webDir, 'index.html'),
    '<!doctype html><html><head><title>Reprise</title></head><body></body></html>',
  )
  await writeFile(path.join(webDir, 'assets/app-1a2b.js'), 'app()')
  site = await startTestSite({ webDir })
  owner = await site.person('creator')
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await rm(webDir, { recursive: true })
})

describe('the OpenAPI document', () => {
  interface Operation {
    readonly operationId: string
    readonly responses: Record<string, { content?: Record<string, { schema: object }> }>
    readonly parameters?: readonly { name: string; in: string }[]
  }
  interface Document {
    readonly openapi: string
    readonly paths: Record<string, Record<string, Operation>>
    readonly components: { schemas: Record<string, object> }
  }
  const load = async () => (await (await site.fetch('/api/v1/openapi.json')).json()) as Document

  it('has every route that the application has, and no other', async () => {
    const { paths } = await load()
    const documented = Object.entries(paths).flatMap(([url, methods]) =>
      Object.keys(methods).map((method) => `${method} ${url}`),
    )
    const registered = routesOf(site.delivery.app).filter(
      (route) => route.includes(' /api/v1/') && !route.endsWith('openapi.json'),
    )
    expect(documented.toSorted()).toEqual(registered.toSorted())
    expect(documented).toEqual(
      expect.arrayContaining([
        'get /api/v1/me',
        'post /api/v1/uploads',
        'get /api/v1/broadcasts/{id}/recording.flv',
        'patch /api/v1/videos/{id}',
      ]),
    )
  })

  it('is whole: references lead somewhere, path parameters are described, operations have names of their own', async () => {
    const document = await load()
    expect(document.openapi).toBe('3.1.0')
    const references = [
      ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g),
    ].map(([, name]) => name ?? '')
    expect(references.length).toBeGreaterThan(20)
    for (const name of references) expect(document.components.schemas, name).toHaveProperty(name)
    const operations = Object.entries(document.paths).flatMap(([url, methods]) =>
      Object.values(methods).map((operation) => ({ url, operation })),
    )
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
    for (const { url, operation } of operations) {
      const inPath = [...url.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(
        (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name),
        url,
      ).toEqual(inPath)
      expect(operation.responses.default?.content).toHaveProperty('application/problem+json')
    }
  })

  it('can be read on a page that loads nothing from elsewhere', async () => {
    const page = await (await site.fetch('/api/docs')).text()
    const urls = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
    expect(urls.length).toBeGreaterThan(2)
    for (const url of urls) expect((await site.fetch(url)).status, url).toBe(200)
    expect(await (await site.fetch('/api/docs/errors')).text()).toContain('`not-a-video`')
  })
})

describe('errors', () => {
  it.each([
    ['GET', '/api/v1/nothing', 404, 'not-found'],
    ['GET', '/api/nothing', 404, 'not-found'],
    ['POST', '/api/v1/videos', 404, 'not-found'],
    ['GET', '/no-such-file.js', 404, 'not-found'],
    ['GET', '/api/v1/videos/%E0%A4%A', 400, 'bad-request'],
    ['GET', `/api/v1/videos/${'x'.repeat(65)}`, 422, 'invalid-input'],
  ])('of %s %s are problems: %i %s', async (method, url, status, code) => {
    const answer = await site.fetch(url, { method })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toMatch('application/problem+json')
    expect(await jsonOf(answer)).toMatchObject({ status, code })
  })

  it('of a body that is too large or no JSON are too', async () => {
    const post = (body: string) =>
      site.fetch('/api/v1/stream-keys', {
        method: 'POST',
        as: owner,
        headers: { 'content-type': 'application/json' },
        body,
      })
    expect(await jsonOf(await post('{'))).toMatchObject({
      code: 'bad-request',
      detail: 'The request body is not valid JSON.',
    })
    expect(await jsonOf(await post(`{"label":"${'x'.repeat(300_000)}"}`))).toMatchObject({
      code: 'too-large',
    })
    expect(await jsonOf(await post('{"label":5,"more":1}'))).toMatchObject({ code: 'invalid-input' })
    expect(
      await jsonOf(await site.fetch('/api/v1/stream-keys', { method: 'POST', as: owner })),
    ).toMatchObject({ faults: [{ path: 'label' }] })
  })

  it('say that the database is away, and keep telling what is known', async () => {
    await using broken = await startTestSite()
    await broken.database[Symbol.asyncDispose]()
    const answer = await broken.fetch('/api/v1/videos')
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(await jsonOf(answer)).toMatchObject({ code: 'database-unavailable' })
    expect((await broken.fetch('/healthz')).status).toBe(200)
  })
})

describe('what the program says of itself', () => {
  it('is alive, and ready when every part is', async () => {
    expect(await jsonOf(await site.fetch('/healthz'))).toEqual({ status: 'ok' })
    const ready = await site.fetch('/readyz')
    expect(ready.status).toBe(200)
    expect(await jsonOf(ready)).toEqual({
      status: 'ready',
      parts: {
        database: { ok: true },
        disk: { ok: true },
        ffmpeg: { ok: true, detail: '5.1' },
        queue: { ok: true },
      },
    })
    site.parts.databaseCheck = () => Promise.reject(new Error('connection refused'))
    const not = await site.fetch('/readyz')
    site.parts.databaseCheck = async () => undefined
    expect(not.status).toBe(503)
    expect(await jsonOf(not)).toMatchObject({
      status: 'not-ready',
      parts: { database: { ok: false, detail: 'connection refused' }, disk: { ok: true } },
    })
  })

  it('is measured', async () => {
    await site.fetch('/api/v1/videos')
    const text = await (await site.fetch('/metrics')).text()
    expect(text).toContain('reprise_test_sample{kind="x"} 7')
    expect(text).toContain('reprise_http_request_seconds_count{method="GET",kind="api",status="200"}')
    expect(text).toContain('reprise_process_resident_memory_bytes')
  })

  it('is measured for our own networks only, and not through a proxy that nobody vouches for', async () => {
    const answer = await site.fetch('/metrics', { headers: { 'x-forwarded-for': '127.0.0.1' } })
    expect(answer.status).toBe(403)
    expect(await jsonOf(answer)).toMatchObject({ detail: expect.stringContaining('METRICS_TOKEN') })
  })
})

describe('pages', () => {
  it('are the web application at any address, not kept; its files are kept for ever', async () => {
    for (const url of ['/', '/studio/videos', '/c/somebody']) {
      const answer = await site.fetch(url, { headers: { accept: 'text/html' } })
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-cache'])
      expect(await answer.text()).toContain('<title>Reprise</title>')
    }
    expect((await site.fetch('/assets/app-1a2b.js')).headers.get('cache-control')).toBe(
      'public, max-age=31536000, immutable',
    )
    expect((await site.fetch('/assets/gone.js')).status).toBe(404)
  })

  it('of a video carry its title and picture, harmlessly', async () => {
    const title = '</title><script>alert("$&")</script>'
    const id = await site.video(owner, { title, hasPoster: true, description: '"quoted"' })
    const page = await (await site.fetch(`/watch/${id}`)).text()
    expect(page).not.toContain('<script>')
    expect(page).toContain(
      '<meta property="og:title" content="&lt;/title&gt;&lt;script&gt;alert(&quot;$&amp;&quot;)&lt;/script&gt;">',
    )
    expect(page).toMatch(
      new RegExp(
        `<meta property="og:image" content="http://site\\.example/media/[\\w-]+/${id}/poster\\.jpg">`,
      ),
    )
    expect(page.match(/<title>/g)).toHaveLength(1)
  })

  it('of a private video say nothing of it', async () => {
    const id = await site.video(owner, { title: 'Secret', visibility: 'private' })
    const answer = await site.fetch(`/watch/${id}`, { as: owner })
    expect(answer.status).toBe(200)
    expect(await answer.text()).not.toContain('Secret')
  })

  it('say how to build them when they are not built', async () => {
    await using bare = await startTestSite()
    const answer = await bare.fetch('/')
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('not built')
  })

  it('may play from blobs and style themselves, and nothing from elsewhere', async () => {
    const policy = (await site.fetch('/')).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("media-src 'self' blob:")
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toContain('upgrade-insecure-requests')
  })
})

describe('broadcasts', () => {
  async function broadcast(as: TestPerson, data: Record<string, unknown>, visibility = 'public') {
    const channel = await site.library.channels.ensure(as.userId, 'x')
    const videoId = await site.video(as, {
      origin: 'broadcast',
      visibility,
      state: data.state === 'ended' ? 'ready' : 'live',
    })
    const id = newId()
    await site.database.prisma.broadcast.create({
      data: {
        id,
        channelId: channel.id,
        videoId,
        state: 'live',
        ...data,
        sessions: { create: { id: newId(), ordinal: 0, encoder: 'OBS', bytes: 5n } },
      },
    })
    return id
  }

  it('are listed to those who may know of them', async () => {
    const as = await site.person('creator')
    const admin = await site.person('admin')
    const open = await broadcast(as, {})
    const hidden = await broadcast(as, { state: 'ended', endedAt: new Date() }, 'private')
    const listed = async (who?: TestPerson, query = '') =>
      (await jsonOf(
        await site.fetch(`/api/v1/broadcasts?limit=1${query}`, who ? { as: who } : {}),
      )) as never as { items: { id: string }[]; nextCursor: string | null }
    expect((await listed()).items.map(({ id }) => id)).toEqual([open])
    const [first] = [await listed(as)]
    const second = await listed(as, `&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual([hidden, open])
    expect((await listed(admin, '&state=ended')).items.map(({ id }) => id)).toEqual([hidden])
  })

  it('show their encoder to who manages them only', async () => {
    const as = await site.person('creator')
    const id = await broadcast(as, {})
    const encoder = async (who?: TestPerson) =>
      (
        (await jsonOf(await site.fetch(`/api/v1/broadcasts/${id}`, who ? { as: who } : {}))) as never as {
          sessions: { encoder: string }[]
        }
      ).sessions[0]?.encoder
    expect([await encoder(), await encoder(as)]).toEqual(['', 'OBS'])
  })

  it('are ended by who manages them, once', async () => {
    const as = await site.person('creator')
    const id = await broadcast(as, {})
    const end = (who?: TestPerson) =>
      site.fetch(`/api/v1/broadcasts/${id}/end`, { method: 'POST', ...(who && { as: who }) })
    expect([(await end()).status, (await end(owner)).status]).toEqual([401, 403])
    expect((await end(as)).status).toBe(409)
    let ended = 0
    site.parts.endBroadcast = async () => {
      ended += 1
      await site.database.prisma.broadcast.update({
        where: { id },
        data: { state: 'ended', endedAt: new Date() },
      })
      return true
    }
    for (const _again of [1, 2]) expect(await jsonOf(await end(as))).toMatchObject({ state: 'ended' })
    expect(ended).toBe(1)
  })

  it('give their recording to who manages them', async () => {
    const as = await site.person('creator')
    const url = `/api/v1/broadcasts/${await broadcast(as, {})}/recording.flv`
    expect([(await site.fetch(url)).status, (await site.fetch(url, { as: owner })).status]).toEqual([
      401, 403,
    ])
    const answer = await site.fetch(url, { as })
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['video/x-flv', 'FLV'])
    expect((await site.fetch(url, { as, method: 'HEAD' })).headers.get('content-type')).toBe('video/x-flv')
  })
})

describe('the server', () => {
  it('names the setting when its port is taken', async () => {
    const port = Number(new URL(site.base).port)
    const starting = startWebServer(() => {}, { host: '127.0.0.1', port, endStreams: async () => {} })
    await expect(starting).rejects.toMatchObject({
      code: 'bad-setting',
      message: expect.stringContaining(`PORT: port ${port} is in use`),
    })
  })

  it('closes idle connections at once and lets a request under way finish', async () => {
    const asked = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const server = await startWebServer(
      (_req, res) => {
        asked.resolve()
        void release.promise.then(() => res.end('whole'))
      },
      { host: '127.0.0.1', port: 0, endStreams: async () => {} },
    )
    const idle = connect(server.port, '127.0.0.1')
    idle.on('error', () => {})
    const answer = fetch(`http://127.0.0.1:${server.port}/`)
    await asked.promise
    const closed = server[Symbol.asyncDispose]()
    release.resolve()
    expect(await (await answer).text()).toBe('whole')
    await closed
    idle.destroy()
  })
})

/** What express itself has registered, as OpenAPI writes it. */
function routesOf(app: unknown): string[] {
  interface Layer {
    readonly route?: { readonly path: string; readonly methods: Record<string, boolean> }
    readonly handle?: { readonly stack?: readonly Layer[] }
  }
  const stack = (app as { router: { stack: readonly Layer[] } }).router.stack
  const api =
    stack.find((layer) => layer.handle?.stack?.some((inner) => inner.route?.path === '/me'))?.handle?.stack ??
    []
  return api.flatMap(({ route }) =>
    route
      ? Object.keys(route.methods).map(
          (method) => `${method} /api/v1${route.path.replace(/:(\w+)/g, '{$1}')}`,
        )
      : [],
  )
}
