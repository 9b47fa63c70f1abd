/** The web's own import road: app → features → player, ui → api → paths. Features know nothing of each other. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../../web/src')
const RULE =
  'web/src imports one way: app → features → player, ui → api → paths; player may use ui’s formats; a feature imports no other feature'
const ALLOWED: Record<string, readonly string[]> = {
  app: ['features', 'player', 'ui', 'api', 'paths'],
  features: ['player', 'ui', 'api', 'paths'],
  player: ['ui'],
  ui: ['api', 'paths'],
  api: ['paths'],
  paths: [],
}

const imports = globSync('**/*.{ts,tsx}', { cwd: ROOT }).flatMap((file) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  return [...text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)].map((match) => ({
    from: file,
    to: path.relative(ROOT, path.resolve(ROOT, path.dirname(file), match[1] ?? '')),
  }))
})

it('sees the imports it judges', () => {
  expect(imports.length).toBeGreaterThan(100)
})

it('is followed', () => {
  const wrong = imports.filter(({ from, to }) => {
    if (to.startsWith('..')) return false
    const [[room = '', feature], [target = '', other]] = [from.split('/'), to.split('/')]
    if (room === target) return room === 'features' && feature !== other
    return !ALLOWED[room]?.includes(target)
  })
  expect(
    wrong.map(({ from, to }) => `${from} imports ${to}`),
    RULE,
  ).toEqual([])
})

it('lets only the player know video.js', () => {
  const importers = globSync('**/*.{ts,tsx}', { cwd: ROOT }).filter((file) =>
    /from ['"]video\.js/.test(readFileSync(path.join(ROOT, file), 'utf8')),
  )
  expect(importers.filter((file) => !file.startsWith('player/'))).toEqual([])
})
