/** The wire contract over the stand-in world. What has no answer here is answered with nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Video } from '../../../src/delivery/contract/videos.ts'
import { HEALTH_HISTORY, JOBS, KEYS, PEOPLE, PERSON, QUEUES, TOKENS, video } from './stand-in-catalogue.ts'
import type { StandInWorld } from './stand-in-world.ts'

/** Answers a request below /api/. */
export async function answerApi(
  world: StandInWorld,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { videos, streams, send, change } = world
  const [, , , kind = '', id, action] = url.pathname.split('/')
  const body = async () =>
    JSON.parse((await read(request)).toString('utf8') || '{}') as Record<string, unknown>
  if (url.pathname === '/api/auth/sign-in/email') {
    const { password } = await body()
    if (password !== 'correct')
      return json(response, { code: 'INVALID_EMAIL_OR_PASSWORD', message: 'Invalid email or password' }, 401)
    world.signedIn = true
    return json(response, { redirect: false })
  }
  if (url.pathname === '/api/auth/sign-out') {
    world.signedIn = false
    return json(response, { success: true })
  }
  if (kind === 'me')
    return world.signedIn
      ? json(response, PERSON)
      : problem(response, 401, 'not-signed-in', 'Please sign in.')
  if (kind === 'events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n')
    streams.add(response)
    response.on('close', () => streams.delete(response))
    return
  }
  if (kind === 'videos' && id === undefined) {
    const q = url.searchParams.get('q')?.toLowerCase() ?? ''
    return json(
      response,
      page(
        videos.filter(({ title }) => title.toLowerCase().includes(q)),
        url,
      ),
    )
  }
  if (kind === 'videos') {
    const found = videos.find((item) => item.id === id)
    if (found === undefined || id === undefined)
      return problem(response, 404, 'video-not-found', 'There is no such video.')
    if (request.method === 'PATCH') change(id, (await body()) as Partial<Video>)
    if (request.method === 'DELETE') {
      videos.splice(videos.indexOf(found), 1)
      send({ type: 'video-deleted', videoId: id })
      return void response.writeHead(204).end()
    }
    return json(
      response,
      videos.find((item) => item.id === id),
    )
  }
  if (kind === 'broadcasts' && id === undefined)
    return json(
      response,
      page(
        world.live() && world.broadcast().state === url.searchParams.get('state') ? [world.broadcast()] : [],
        url,
      ),
    )
  if (kind === 'broadcasts' && action === 'end') {
    world.endLive()
    return json(response, world.broadcast())
  }
  if (kind === 'broadcasts' && action === 'health') return json(response, { items: HEALTH_HISTORY })
  if (kind === 'users' && id === undefined) return json(response, { items: PEOPLE })
  if (kind === 'broadcasts')
    return world.live()
      ? json(response, world.broadcast())
      : problem(response, 404, 'broadcast-not-found', 'There is no such broadcast.')
  if (kind === 'stream-keys' && request.method === 'GET')
    return json(response, {
      items: KEYS,
      server: 'rtmp://127.0.0.1:1935/live',
      secureServer: 'rtmps://127.0.0.1:1936/live',
    })
  if (kind === 'stream-keys' && request.method === 'POST') {
    const label = String((await body()).label)
    KEYS.push({
      id: `key-${KEYS.length + 1}`,
      label,
      hint: '9aB2',
      createdAt: new Date().toISOString(),
      lastUsedAt: null,
      expiresAt: null,
    })
    return json(
      response,
      {
        id: `key-${KEYS.length}`,
        label,
        key: 'rk_made-up-9aB2',
        server: 'rtmp://127.0.0.1:1935/live',
        publishUrl: 'rtmp://127.0.0.1:1935/live/rk_made-up-9aB2',
      },
      201,
    )
  }
  if (kind === 'queues' && id === undefined) return json(response, { items: QUEUES })
  if (kind === 'jobs' && id === undefined)
    return json(
      response,
      page(
        JOBS.filter(({ state }) => [null, state].some((wanted) => wanted === url.searchParams.get('state'))),
        url,
      ),
    )
  if (kind === 'api-tokens' && request.method === 'GET') return json(response, { items: TOKENS })
  if (kind === 'uploads') {
    const sent = await read(request)
    if (sent.includes('refuse-me'))
      return problem(response, 422, 'not-a-video', 'This file is not a video, or is too damaged to be read.')
    const made = video(`upload-${videos.length}`, {
      title: /name="title"\r\n\r\n([^\r]*)/.exec(sent.toString('latin1'))?.[1] ?? 'Upload',
      state: 'processing',
      progress: 3,
      playable: false,
      playback: {
        hls: null,
        poster: null,
        waveform: null,
        posterCard: null,
        preview: null,
        storyboard: null,
      },
    })
    videos.unshift(made)
    return json(response, made, 201)
  }
  response.writeHead(204).end()
}

const json = (response: ServerResponse, body: unknown, status = 200) => {
  response
    .writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' })
    .end(JSON.stringify(body))
}
const problem = (response: ServerResponse, status: number, code: string, detail: string) =>
  json(response, { type: 'about:blank', title: code, status, code, detail }, status)
const page = <T>(items: readonly T[], url: URL) => {
  const [from, limit] = [
    Number(url.searchParams.get('cursor') ?? 0),
    Number(url.searchParams.get('limit') ?? 24),
  ]
  return {
    items: items.slice(from, from + limit),
    nextCursor: from + limit < items.length ? String(from + limit) : null,
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
