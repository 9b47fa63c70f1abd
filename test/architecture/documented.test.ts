/** What people are told is what there is. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

describe('the documentation', () => {
  const settings = [...read('src/config/settings.ts').matchAll(/^ {2,4}([A-Z][A-Z_]+):/gm)].map(
    (match) => match[1] ?? '',
  )

  it('names every setting in docs/operating.md', () => {
    expect(settings.length).toBeGreaterThan(12)
    const text = read('docs/operating.md')
    expect(settings.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })

  it('names no setting in the README that is not there', () => {
    const table = /## Settings\n([\s\S]*?)\n## /.exec(read('README.md'))?.[1] ?? ''
    const named = [...table.matchAll(/`([A-Z][A-Z_]+)`/g)].map((match) => match[1] ?? '')
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !settings.includes(name))).toEqual([])
  })

  it('has a script in package.json for every npm command it gives', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const told = [
      'README.md',
      'CONTRIBUTING.md',
      'docs/operating.md',
      'docs/benchmarks.md',
      'docs/roadmap.md',
    ].flatMap((file) => [...read(file).matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? ''))
    expect(told.length).toBeGreaterThan(2)
    expect(told.filter((name) => !(name in scripts))).toEqual([])
  })
})
