import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readTlsIdentity } from '../../../src/ingest/tls-identity.ts'
import { makeSelfSigned } from '../../support/self-signed.ts'

let dir: string
const file = (name: string) => path.join(dir, name)
const read = (cert: string, key: string) => readTlsIdentity({ certFile: file(cert), keyFile: file(key) })

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'reprise-tls-'))
  const one = makeSelfSigned()
  const expired = makeSelfSigned({ validDays: -1 })
  await writeFile(file('cert.pem'), one.cert)
  await writeFile(file('key.pem'), one.key)
  await writeFile(file('expired.pem'), expired.cert)
  await writeFile(file('expired-key.pem'), expired.key)
  await writeFile(file('text.pem'), 'not what you think')
  await writeFile(file('torn.pem'), one.cert.slice(0, one.cert.length / 2))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

it('reads a certificate and its key', async () => {
  const { expiresAt } = await read('cert.pem', 'key.pem')
  expect(expiresAt.getTime()).toBeGreaterThan(Date.now())
})

it('says when a certificate has expired, and takes it', async () => {
  const { expiresAt } = await read('expired.pem', 'expired-key.pem')
  expect(expiresAt.getTime()).toBeLessThan(Date.now())
})

it.each([
  [
    'a missing certificate',
    'none.pem',
    'key.pem',
    /^RTMPS_CERT: cannot read .*none\.pem: there is no such file/,
  ],
  ['a missing key', 'cert.pem', 'none.pem', /^RTMPS_KEY: cannot read .*none\.pem: there is no such file/],
  ['a folder', '', 'key.pem', /^RTMPS_CERT: cannot read .*: it is a folder/],
  ['a text', 'text.pem', 'key.pem', /^RTMPS_CERT: .*text\.pem is not a certificate in PEM form/],
  ['half a certificate', 'torn.pem', 'key.pem', /^RTMPS_CERT: .*torn\.pem is not a certificate in PEM form/],
  ['a certificate for a key', 'cert.pem', 'cert.pem', /^RTMPS_KEY: .*cert\.pem is not a private key/],
  ['the key of another', 'cert.pem', 'expired-key.pem', /^RTMPS_KEY: .*expired-key\.pem does not belong to/],
])('names the setting and the file for %s', async (_, cert, key, message) => {
  await expect(read(cert, key)).rejects.toMatchObject({
    code: 'bad-setting',
    message: expect.stringMatching(message),
  })
})
