import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { findMissing, readLockfile } from '../../support/complete-lockfile.ts'

it('the lockfile has every platform package, so that npm ci accepts it (else: npm run lockfile:complete)', () => {
  expect(Object.keys(findMissing(readLockfile()))).toEqual([])
})

it('the lockfile names no registry', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../../package-lock.json'), 'utf8')
  expect(text).not.toContain('"resolved"')
})
