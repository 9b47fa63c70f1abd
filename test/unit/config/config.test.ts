import { expect, it } from 'vitest'
import { makeConfig } from '../../../src/config/config.ts'

const faultsOf = (env: Record<string, string>): string => {
  try {
    makeConfig(env, '/srv/reprise')
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad-setting' })
    return (error as Error).message
  }
  return ''
}

it('needs no setting at all', () => {
  expect(makeConfig({}, '/srv/reprise')).toMatchObject({
    port: 8080,
    rtmpPort: 1935,
    storageDir: '/srv/reprise/storage',
    mediaDir: '/srv/reprise/storage/media',
    publicUrl: 'http://localhost:8080',
    databaseUrl: undefined,
  })
})

it('takes an empty setting for one that is not set', () => {
  expect(makeConfig({ PORT: '', DATABASE_URL: '' }, '/')).toMatchObject({
    port: 8080,
    databaseUrl: undefined,
  })
})

it.each([
  ['RTMP_PORT', 'abc', 'must be a whole number from 1 to 65535'],
  ['PORT', '80.5', 'must be a whole number from 1 to 65535'],
  ['PORT', '65536', 'must be a whole number from 1 to 65535'],
  ['WORKER_CONCURRENCY', '0', 'must be a whole number from 1 to 64'],
  ['MIN_FREE_BYTES', '-1', 'must be a whole number, 0 or more'],
  ['GRACE_SECONDS', 'long', 'must be a number of seconds from 0 to 86400'],
  ['PUBLIC_URL', 'foo', 'must be a web address such as https://video.example.org'],
  ['PUBLIC_URL', 'ftp://example.org', 'must be a web address such as https://video.example.org'],
  ['TAKEOVER', 'yes', 'must be take-over or refuse'],
  ['RENDITION_CODECS', 'h264,vp8', 'must name codecs of h264, hevc and av1, with commas between them'],
  ['HARDWARE_ENCODER', 'cuda', 'must be auto, nvenc, vaapi, qsv, videotoolbox or none'],
  [
    'TRUSTED_PROXIES',
    '10.0.0.0/8, nginx',
    'must be addresses or networks such as 10.0.0.0/8, or loopback, uniquelocal, separated by commas',
  ],
  ['MAX_BROADCASTS', '-1', 'must be a whole number, 0 or more'],
  ['ADMIN_EMAIL', 'eve', 'must be an e-mail address'],
  ['MEDIA_URL', 's3://bucket', 'must begin with file:/// (an object store is not supported yet)'],
])('says what %s=%s should be', (name, value, rule) => {
  expect(faultsOf({ [name]: value })).toBe(`Bad setting:\n  ${name}: ${rule} (is "${value}")`)
})

it('names every fault at once, a line each', () => {
  expect(faultsOf({ PORT: 'x', PUBLIC_URL: 'y' }).split('\n')).toEqual([
    'Bad settings:',
    expect.stringContaining('PORT: '),
    expect.stringContaining('PUBLIC_URL: '),
  ])
})

it('does not repeat a secret', () => {
  expect(
    faultsOf({ DATABASE_URL: 'mysql://me:hush@db/x', ADMIN_PASSWORD: 'hush', METRICS_TOKEN: 'hush' }),
  ).not.toContain('hush')
})

it('takes RTMPS with its two files, and no half of it', () => {
  const files = { RTMPS_CERT: 'tls/cert.pem', RTMPS_KEY: '/etc/key.pem' }
  expect(makeConfig({}, '/srv').rtmps).toBeUndefined()
  expect(makeConfig({ RTMPS_PORT: '1936', ...files }, '/srv').rtmps).toEqual({
    port: 1936,
    certFile: '/srv/tls/cert.pem',
    keyFile: '/etc/key.pem',
  })
  expect(faultsOf({ RTMPS_PORT: '1936', RTMPS_KEY: 'k' })).toContain(
    'RTMPS_PORT: needs RTMPS_CERT and RTMPS_KEY',
  )
  expect(faultsOf({ ...files })).toContain('RTMPS_PORT: must be set too')
  expect(faultsOf({ RTMPS_PORT: '1935', ...files })).toContain('RTMPS_PORT: must be another port')
})

it('wants two ports', () => {
  expect(faultsOf({ PORT: '1935' })).toBe('Bad setting:\n  RTMP_PORT: must be another port than PORT')
})

it('reads the media folder out of its address', () => {
  expect(makeConfig({ MEDIA_URL: 'file:///srv/my%20media' }, '/').mediaDir).toBe('/srv/my media')
})

it('H.264 is always encoded, first, and each codec once', () => {
  const codecs = (list?: string) =>
    makeConfig(list === undefined ? {} : { RENDITION_CODECS: list }, '/work').renditionCodecs
  expect(codecs()).toEqual(['h264'])
  expect(codecs('av1, HEVC,av1')).toEqual(['h264', 'hevc', 'av1'])
})
