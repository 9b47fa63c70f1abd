import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { listen } from '../../../src/kernel/listen.ts'

it('resolves with the port that it got', async () => {
  const server = createServer()
  expect(await listen(server, { host: '127.0.0.1', port: 0, setting: 'PORT' })).toBeGreaterThan(0)
  server.close()
  await once(server, 'close')
})

it('names the setting and the number when the port is taken', async () => {
  const first = createServer()
  const port = await listen(first, { host: '127.0.0.1', port: 0, setting: 'PORT' })
  const second = createServer()
  await expect(listen(second, { host: '127.0.0.1', port, setting: 'RTMP_PORT' })).rejects.toMatchObject({
    code: 'bad-setting',
    message: expect.stringMatching(new RegExp(`^RTMP_PORT: port ${port} is in use`)),
  })
  first.close()
  await once(first, 'close')
})

it('names HOST when the machine has no such address', async () => {
  await expect(
    listen(createServer(), { host: '203.0.113.7', port: 0, setting: 'PORT' }),
  ).rejects.toMatchObject({
    code: 'bad-setting',
    message: expect.stringMatching(/^HOST: .*203\.0\.113\.7/),
  })
})
