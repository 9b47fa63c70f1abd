/** The program with a certificate of its own: published to over TLS, and plain about what is wrong with its files. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import { makeBroadcastSource, publish, streamHash } from '../support/ffmpeg.ts'
import { freePort } from '../support/free-port.ts'
import { startProgram, until } from '../support/program.ts'
import { makeSelfSigned } from '../support/self-signed.ts'

let folder: string
let source: string
let env: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'reprise-rtmps-'))
  source = path.join(folder, 'source.flv')
  await makeBroadcastSource(source, { seconds: 4, size: '320x180' })
  const { cert, key } = makeSelfSigned()
  await writeFile(path.join(folder, 'cert.pem'), cert)
  await writeFile(path.join(folder, 'key.pem'), key)
  env = {
    RTMPS_PORT: String(await freePort()),
    RTMPS_CERT: path.join(folder, 'cert.pem'),
    RTMPS_KEY: path.join(folder, 'key.pem'),
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('records what is published over RTMPS, and stops cleanly', async () => {
  await using program = await startProgram({ env })
  const encoder = publish(source, `rtmps://127.0.0.1:${env.RTMPS_PORT}/live/${program.firstRun.streamKey}`)
  expect(await encoder.done, encoder.stderr()).toBe(0)
  await until(
    () => program.api<BroadcastList>('/broadcasts'),
    (list) => list.items[0]?.state === 'ended',
  )
  const recorded = (await readdir(program.storageDir, { recursive: true })).filter((file) =>
    file.endsWith('.flv'),
  )
  expect(recorded.length).toBe(1)
  const file = path.join(program.storageDir, recorded[0] ?? '')
  expect(await streamHash(file, 'v')).toBe(await streamHash(source, 'v'))
  expect(await streamHash(file, 'a')).toBe(await streamHash(source, 'a'))
  expect(await program.stop()).toBe(0)
})

it('does not start with a key that is not there, and names the setting', async () => {
  const started = startProgram({ env: { ...env, RTMPS_KEY: path.join(folder, 'none.pem') } })
  await expect(started).rejects.toThrow(/RTMPS_KEY: cannot read .*none\.pem: there is no such file/)
})
