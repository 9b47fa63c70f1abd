import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { RenewedTlsIdentity } from '../../../src/ingest/tls-renewal.ts'
import { makeSelfSigned } from '../../support/self-signed.ts'

const DAY_MS = 86_400_000
const LOOK_EVERY_MS = 10
let dir: string
let files: { certFile: string; keyFile: string }
let stop: AbortController
let watched: Promise<void>

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'reprise-renewal-'))
  files = { certFile: path.join(dir, 'cert.pem'), keyFile: path.join(dir, 'key.pem') }
  stop = new AbortController()
  watched = Promise.resolve()
})
afterEach(async () => {
  stop.abort()
  await watched
  await rm(dir, { recursive: true, force: true })
})

async function follow(validDays: number) {
  const { cert, key } = makeSelfSigned({ validDays })
  await writeFile(files.certFile, cert)
  await writeFile(files.keyFile, key)
  const identity = await RenewedTlsIdentity.open(files)
  const listener = { onRenewed: vi.fn(), onError: vi.fn() }
  watched = identity.watch(stop.signal, listener, LOOK_EVERY_MS)
  return { identity, listener }
}
/** At once, as programs that renew certificates do. */
async function put(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
const daysLeft = ({ expiresAt }: RenewedTlsIdentity) =>
  Math.round((expiresAt.getTime() - Date.now()) / DAY_MS)

it('takes the renewed certificate, and the one before until both of its files are there', async () => {
  const { identity, listener } = await follow(2)
  const before = identity.context
  const renewed = makeSelfSigned({ validDays: 90 })
  await put(files.certFile, renewed.cert)
  await expect.poll(() => listener.onError.mock.calls.length).toBeGreaterThan(0)
  expect(listener.onError.mock.calls[0]?.[0]).toMatchObject({
    message: expect.stringContaining('RTMPS_KEY: '),
  })
  expect(identity.context).toBe(before)
  expect(daysLeft(identity)).toBe(2)
  await put(files.keyFile, renewed.key)
  // Once, or twice when a look fell between the two files.
  await expect.poll(() => listener.onRenewed.mock.calls.length).toBeGreaterThan(0)
  expect(identity.context).not.toBe(before)
  expect(daysLeft(identity)).toBe(90)
})

it('goes on with what it has when the files are gone', async () => {
  const { identity, listener } = await follow(2)
  await rm(files.certFile)
  await expect.poll(() => listener.onError.mock.calls.length).toBeGreaterThan(0)
  expect(daysLeft(identity)).toBe(2)
  expect(listener.onRenewed).not.toHaveBeenCalled()
})

it('ends with its signal', async () => {
  await follow(2)
  stop.abort()
  await watched
})
