/** What deploy/ starts is what the program takes: there is no container runtime here to try it. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { parseRoles, ROLES } from '../../src/config/roles.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const compose = readFileSync(path.join(ROOT, 'deploy/compose.yaml'), 'utf8')

it('starts every role, each once', () => {
  const commands = [...compose.matchAll(/^ {4}command: (\[.*\])$/gm)].map(
    ([, list = '']) => JSON.parse(list) as string[],
  )
  expect(commands.map(([command]) => command)).toEqual(commands.map(() => 'serve'))
  const roles = commands.flatMap((words) => [...parseRoles(words.slice(words.indexOf('--role') + 1))])
  expect(roles.toSorted()).toEqual([...ROLES].toSorted())
})

it('sets what is a setting', () => {
  const settings = readFileSync(path.join(ROOT, 'src/config/settings.ts'), 'utf8')
  const given = compose.slice(compose.indexOf('x-settings'), compose.indexOf('\n  database:'))
  const named = [...given.matchAll(/^ +([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name)
  expect(named).toContain('DATABASE_URL')
  expect(named.filter((name) => !new RegExp(`^ +${name}:`, 'm').test(settings))).toEqual([])
})
