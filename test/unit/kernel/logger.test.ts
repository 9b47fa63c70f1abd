import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { makeLogger } from '../../../src/kernel/logger.ts'

const LOGGER = path.resolve(import.meta.dirname, '../../../src/kernel/logger.ts')

/** What one call wrote; it must be there when the call returns. */
function written(forPerson: boolean, speak: (log: ReturnType<typeof makeLogger>) => void): string {
  let text = ''
  const destination = { write: (line: string) => (text += line) }
  speak(makeLogger('info', { forPerson, destination }))
  return stripVTControlCharacters(text)
}

it('writes a JSON line for programs', () => {
  const line = written(false, (log) => log.child({ part: 'rtmp' }).info({ bytes: 7 }, 'off air'))
  expect(JSON.parse(line)).toMatchObject({ level: 30, part: 'rtmp', bytes: 7, msg: 'off air' })
  expect(line.endsWith('\n')).toBe(true)
})

it('writes a plain line for a person', () => {
  const line = written(true, (log) => log.child({ part: 'rtmp' }).info({ bytes: 7 }, 'off air'))
  expect(line).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: rtmp: off air \{"bytes":7\}\n$/)
})

it('shows a person where an error came from', () => {
  const text = written(true, (log) => log.error({ err: new Error('no space left') }, 'not written'))
  expect(text).toMatch(/ERROR: not written *\n[\s\S]*no space left[\s\S]*logger\.test\.ts/)
})

it('leaves out the connection that a database pool hangs on its errors', () => {
  const error = Object.assign(new Error('cut off'), { code: '57P01', client: { secretKey: 4711 } })
  const line = written(false, (log) => log.warn({ err: error }, 'lost'))
  expect(JSON.parse(line).err).toMatchObject({ message: 'cut off', code: '57P01' })
  expect(line).not.toContain('4711')
})

it.each([true, false])('tells no secrets (for a person: %s)', (forPerson) => {
  const text = written(forPerson, (log) =>
    log.info({ password: 'hush', user: { token: 'hush' } }, 'signed in'),
  )
  expect(text).toContain('[redacted]')
  expect(text).not.toContain('hush')
})

it('takes stderr for a person when it is a terminal, and loses nothing when the program exits at once', async () => {
  const program = `import { makeLogger } from '${LOGGER}'; makeLogger('info').warn('the last words'); process.exit()`
  const argv = ['--input-type=module', '-e', program]
  const piped = await promisify(execFile)(process.execPath, argv)
  expect(JSON.parse(piped.stderr)).toMatchObject({ msg: 'the last words' })
  // script(1), of util-linux, gives its command a terminal.
  const quoted = [process.execPath, ...argv].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const onTerminal = await promisify(execFile)('script', ['-qec', quoted, '/dev/null'])
  expect(stripVTControlCharacters(onTerminal.stdout)).toMatch(/\] WARN: the last words\r?\n/)
})

it.each([true, false])('tells no key that somebody put into an address (for a person: %s)', (forPerson) => {
  const key = `rk_${'4f'.repeat(20)}`
  const text = written(forPerson, (log) =>
    log.child({ path: `/live/${key}.flv` }).warn({ err: new Error(`no stream ${key.slice(0, -1)}`) }, key),
  )
  expect(text).not.toContain('4f4f')
  expect(text).toContain('/live/rk_[redacted].flv')
})
