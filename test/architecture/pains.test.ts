/** What users of other systems suffer (docs/pains.md): each has a test with its number, where the list says. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** Numbers that must never be lost; those left out come with their subjects. */
const REQUIRED = [
  ...Array.from({ length: 17 }, (_, index) => index + 1),
  22,
  23,
  24,
  25,
  26,
  27,
  29,
  31,
  32,
  36,
  44,
  45,
  46,
]

interface Pain {
  readonly number: number
  readonly files: readonly string[]
}

const listed: readonly Pain[] = readFileSync(path.join(ROOT, 'docs/pains.md'), 'utf8')
  .split('\n')
  .map((line) => /^\| (\d+) \|(.*)\|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, number, rest = '']) => ({
    number: Number(number),
    files: [...rest.matchAll(/`(test\/[^`]+\.test\.ts)`/g)].map(([, file = '']) => file),
  }))

/** Numbers in the titles of tests, by file: `it('…')`, `it.each(…)('…')` and the rows of a table. */
const titled = new Map<string, Set<number>>()
for (const entry of readdirSync(path.join(ROOT, 'test'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.parentPath.endsWith('architecture')) continue
  const file = path.join(entry.parentPath, entry.name)
  const numbers = [...readFileSync(file, 'utf8').matchAll(/\(pain (\d+)\)['"`]/g)].map(([, digits]) =>
    Number(digits),
  )
  if (numbers.length > 0) titled.set(path.relative(ROOT, file), new Set(numbers))
}

/** Tables of cases live beside the tests that run them. */
const TABLES: Readonly<Record<string, string>> = {
  'test/integration/packaging/odd-streams.test.ts': 'test/support/odd/odd-streams.ts',
  'test/integration/pipeline/any-input.test.ts': 'test/support/golden/colours.ts',
}
const numbersIn = (file: string) => titled.get(TABLES[file] ?? file) ?? new Set<number>()

describe('what users of other systems suffer', () => {
  it('is all on the list', () => {
    const numbers = listed.map(({ number }) => number)
    expect(REQUIRED.filter((number) => !numbers.includes(number))).toEqual([])
    expect(numbers, 'in order, each once').toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  })

  it.each(listed.map((pain) => [pain.number, pain] as const))(
    '%d has its tests where the list says',
    (_, pain) => {
      expect(pain.files.length).toBeGreaterThan(0)
      for (const file of pain.files)
        expect([...numbersIn(file)], `a title in ${file} ends in (pain ${pain.number})`).toContain(
          pain.number,
        )
    },
  )

  it('is listed wherever a title names it', () => {
    const named = new Set([...titled.values()].flatMap((numbers) => [...numbers]))
    const numbers = new Set(listed.map(({ number }) => number))
    expect([...named].filter((number) => !numbers.has(number))).toEqual([])
  })
})
