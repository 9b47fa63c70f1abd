import { expect, it } from 'vitest'
import { checkRoles, parseRoles } from '../../../src/config/roles.ts'

it.each([
  [[], ['ingest', 'web', 'worker']],
  [['worker'], ['worker']],
  [['worker,ingest'], ['ingest', 'worker']],
  [
    ['web', 'ingest, web'],
    ['ingest', 'web'],
  ],
])('reads --role %j as %j', (given, roles) => {
  expect([...parseRoles(given)]).toEqual(roles)
})

it.each([
  [['wroker'], 'there is no role "wroker"'],
  [['web,'], 'a name is missing'],
])('refuses --role %j in words', (given, words) => {
  expect(() => parseRoles(given)).toThrow(words)
})

it('lets roles run apart only where they meet in a database', () => {
  expect(() => checkRoles(parseRoles([]), undefined)).not.toThrow()
  expect(() => checkRoles(parseRoles(['worker']), 'postgresql://u@h/d')).not.toThrow()
  expect(() => checkRoles(parseRoles(['worker,web']), undefined)).toThrow(
    /^DATABASE_URL: must be set for --role web,worker/,
  )
})
