/** Stream keys, right and wrong ones, through everything there is: afterwards they are to be found nowhere. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { localIngest } from '../../../src/composition/ingest-side.ts'
import { startWeb } from '../../../src/composition/web.ts'
import { type BroadcastList, broadcastList, newStreamKey } from '../../../src/delivery/contract/broadcasts.ts'
import { filesBelow, startTestStation, type TestStation } from '../../support/broadcasting.ts'
import { dumpDatabase } from '../../support/database-dump.ts'
import { makeBroadcastSource, publish, runFfmpeg } from '../../support/ffmpeg.ts'
import { RtmpClient } from '../../support/rtmp-client.ts'

const WRONG_KEY = 'rk_0123456789abcdef0123456789abcdef01234567'

let station: TestStation
let stack: AsyncDisposableStack
let rtmpPort: number
let site: string
let token: string

beforeAll(async () => {
  station = await startTestStation()
  stack = new AsyncDisposableStack()
  const { foundation, holdings } = station
  const broadcasting = await station.serve({ graceMs: 500 })
  rtmpPort = broadcasting.rtmpPort
  const config = { ...foundation.config, port: 0 }
  const port = await startWeb(
    { ...foundation, config },
    holdings,
    localIngest(broadcasting),
    broadcasting.disk,
    { publishServer: 'rtmp://x/live' },
    stack,
  )
  site = `http://127.0.0.1:${port}`
  const ada = { email: 'ada@example.org', name: 'Ada', password: 'correct horse', role: 'admin' } as const
  const { id } = await holdings.people.create(ada)
  token = (await holdings.library.apiTokens.create(id, { label: 'test' })).token
})
afterAll(async () => {
  await stack?.disposeAsync()
  await station?.[Symbol.asyncDispose]()
})

const get = (url: string, init: RequestInit = {}) =>
  fetch(`${site}${url}`, { redirect: 'manual', ...init, headers: { authorization: `Bearer ${token}` } })

async function makeKey(): Promise<string> {
  const answer = await fetch(`${site}/api/v1/stream-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ label: 'Desk' }),
  })
  return newStreamKey.parse(await answer.json()).key
}

const listed = async (): Promise<BroadcastList['items']> =>
  broadcastList.parse(await (await get('/api/v1/broadcasts')).json()).items

/** Everything somebody may do with a key, meant or not. Returns what HTTP answers. */
async function tryEverywhere(key: string, source: string): Promise<string[]> {
  const rtmp = `rtmp://127.0.0.1:${rtmpPort}`
  await publish(source, `${rtmp}/live/${key}`).done
  await publish(source, `${rtmp}/live/${key}?key=${key}`).done
  // The key where the name of a stream belongs.
  await runFfmpeg('-i', `${rtmp}/live/${key}`, '-t', '1', '-f', 'null', '-').done
  // A connection that breaks the rules with the key in hand.
  const rude = await RtmpClient.connected(rtmpPort, {
    app: `live/${key}`,
    tcUrl: `${rtmp}/live/${key}`,
    flashVer: 'rude',
  })
  rude.command(1, 'publish', 3, null, key, key)
  rude.command(1, key, 4, key, { [key]: key })
  rude.command(1, 'connect', 5, { app: key })
  await rude.closed
  const garbage = await RtmpClient.connected(rtmpPort, { app: key })
  garbage.raw(Buffer.concat([Buffer.alloc(2, 0xff), Buffer.from(key.repeat(20))]))
  await garbage.closed
  const addresses = ['/live/%.flv', '/live/%.m3u8', '/live/%', '/watch/%', '/media/%/x/y', '/%']
  const api = ['/broadcasts/%', '/stream-keys/%', '/videos?q=%', '/videos?cursor=%']
  const answers: string[] = []
  for (const address of [...addresses, ...api.map((one) => `/api/v1${one}`)])
    answers.push(await (await get(address.replace('%', key))).text())
  return answers
}

it('keys are in no log, path, file, answer, metric or row', async () => {
  const source = path.join(station.storageDir, 'tmp', 'source.flv')
  await makeBroadcastSource(source, { seconds: 2, size: '320x180' })
  const key = await makeKey()
  const revoked = await makeKey()
  const { streamKeys, people } = station.holdings.library
  const ada = await people.findByEmail('ada@example.org')
  for (const known of ada ? await streamKeys.listOf(ada.id) : [])
    if (known.hint === revoked.slice(-4)) await streamKeys.revoke(ada?.id ?? ('' as never), known.id)
  const answers: string[] = []
  for (const one of [key, revoked, WRONG_KEY]) answers.push(...(await tryEverywhere(one, source)))
  await expect.poll(async () => (await listed()).map(({ state }) => state)).toEqual(['ended', 'ended'])

  const [broadcast] = await listed()
  for (const address of [
    ...[
      'broadcasts',
      'stream-keys',
      'users',
      'me',
      'jobs',
      'videos',
      'openapi.json',
      `broadcasts/${broadcast?.id}`,
    ],
    ...[
      `videos/${broadcast?.videoId}`,
      `videos/${broadcast?.videoId}/jobs`,
      `broadcasts/${broadcast?.id}/health`,
    ],
  ])
    answers.push(await (await get(`/api/v1/${address}`)).text())
  for (const address of ['/metrics', '/healthz', '/readyz', `/watch/${broadcast?.videoId}`])
    answers.push(await (await get(address)).text())
  const files = await filesBelow(station.storageDir)
  const contents = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')))
  const rows = await dumpDatabase(station.databaseUrl, ['public', 'pgboss'])
  const places = {
    log: station.log(),
    files: files.join('\n'),
    contents: contents.join('\n'),
    answers: answers.join('\n'),
    rows: [...rows].join('\n'),
  }
  // It was all looked at: what has to be there is.
  expect(places.log).toContain('publish refused')
  expect(places.log).toContain('on air')
  expect(places.rows).toContain('ada@example.org')
  expect(places.answers).toContain('reprise_ingest_connections')
  expect(places.files).toMatch(/recordings\/.*\.flv/)
  for (const [place, text] of Object.entries(places)) {
    for (const one of [key, revoked, WRONG_KEY]) {
      const at = text.indexOf(one)
      expect(at < 0 ? undefined : text.slice(Math.max(0, at - 300), at + 100), place).toBeUndefined()
    }
  }
})
