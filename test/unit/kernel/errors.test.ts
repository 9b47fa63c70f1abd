import { expect, it } from 'vitest'
import { AppError, isDiskFull } from '../../../src/kernel/errors.ts'

const system = (code: string) => Object.assign(new Error(`${code}: no`), { code })

it.each([
  ['said by the system', system('ENOSPC'), true],
  ['said by us', new AppError('disk-full', 'Full.'), true],
  [
    'said far below',
    new AppError('internal', 'No.', { cause: new Error('put', { cause: system('EDQUOT') }) }),
    true,
  ],
  [
    'said by ffmpeg',
    new AppError('encode-failed', 'No.', {
      fields: { stderr: 'av_interleaved_write_frame(): No space left on device' },
    }),
    true,
  ],
  ['another refusal', system('EIO'), false],
  [
    'a broken picture',
    new AppError('encode-failed', 'No.', { fields: { stderr: 'Invalid data found' } }),
    false,
  ],
  ['no error', undefined, false],
])('a full disk is known: %s', (_, error, expected) => {
  expect(isDiskFull(error)).toBe(expected)
})
