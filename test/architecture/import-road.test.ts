/** The data's road is the import road: a stage imports only what lies upstream of it. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** Upstream first. What every stage may also import: kernel, formats, and the media store's port and layout. */
const ROAD = ['ingest', 'recording', 'packaging', 'pipeline', 'library', 'delivery'] as const
const MEDIA_PORTS = ['src/media/store.ts', 'src/media/layout.ts']
const RULE = `The data's road is the import road: ${ROAD.join(' → ')}. A stage imports only what is upstream of it, kernel, formats and ${MEDIA_PORTS.join(', ')}; database and media implement ports the stages own; only service.ts sees everything; only main.ts and the command line import it; web imports only delivery/contract. See docs/architecture.md.`

/** Rooms a room may import, besides itself and packages. */
const ALLOWED: Record<string, readonly string[]> = {
  kernel: [],
  formats: ['kernel'],
  config: ['kernel'],
  media: ['kernel', 'formats'],
  ...Object.fromEntries(
    ROAD.map((stage, i) => [stage, ['kernel', 'formats', 'config', ...ROAD.slice(0, i)]]),
  ),
  database: ['kernel', 'formats', 'config', 'media', ...ROAD.filter((stage) => stage !== 'delivery')],
  setup: ['kernel', 'config'],
}
/** Packages with a single importer, so that replacing one is a change in one room. */
const SOLE_IMPORTERS: Record<string, string> = {
  mediabunny: 'src/packaging/',
  'fluent-ffmpeg': 'src/pipeline/ffmpeg/',
  'pg-boss': 'src/database/',
  express: 'src/delivery/',
  multer: 'src/delivery/',
  'better-auth': 'src/delivery/auth/',
}

interface Import {
  readonly from: string
  readonly to: string
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g
  return [...text.matchAll(pattern)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? ''
    const to = specifier.startsWith('.')
      ? path.relative(ROOT, path.resolve(ROOT, path.dirname(file), specifier))
      : specifier
    return { from: file, to }
  })
}

const sources = globSync('src/**/*.{ts,mjs}', { cwd: ROOT }).filter(
  (file) => !file.includes('database/generated/'),
)
const imports = sources.flatMap(importsOf)
const roomOf = (file: string) => /^src\/([^/]+)\//.exec(file)?.[1]

describe('the import road', () => {
  it('sees the imports it judges', () => {
    expect(imports.length).toBeGreaterThan(100)
  })

  it('is followed by every room', () => {
    const wrong = imports.filter(({ from, to }) => {
      const room = roomOf(from)
      const allowed = room === undefined ? undefined : ALLOWED[room]
      if (allowed === undefined || !to.startsWith('src/')) return false
      if (MEDIA_PORTS.includes(to)) return false
      const target = roomOf(to)
      return target === undefined || (target !== room && !allowed.includes(target))
    })
    expect(
      wrong.map(({ from, to }) => `${from} imports ${to}`),
      RULE,
    ).toEqual([])
  })

  it('lets only the entry points import the composition root', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        to === 'src/service.ts' && from !== 'src/main.ts' && !from.startsWith('src/command-line/'),
    )
    expect(wrong, RULE).toEqual([])
  })

  it('keeps each of these packages in one room', () => {
    const wrong = imports.filter(({ from, to }) =>
      Object.entries(SOLE_IMPORTERS).some(
        ([name, room]) => (to === name || to.startsWith(`${name}/`)) && !from.startsWith(room),
      ),
    )
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('lets the web see nothing of the server but the wire contract', () => {
    const web = globSync('web/src/**/*.{ts,tsx}', { cwd: ROOT }).flatMap(importsOf)
    const wrong = web.filter(({ to }) => to.startsWith('src/') && !to.startsWith('src/delivery/contract/'))
    expect(
      wrong.map(({ from, to }) => `${from} imports ${to}`),
      RULE,
    ).toEqual([])
  })

  it('reads the environment in one place', () => {
    const readers = sources.filter(
      (file) =>
        file.endsWith('.ts') &&
        file !== 'src/config/env.ts' &&
        /process\.env\b/.test(readFileSync(path.join(ROOT, file), 'utf8')),
    )
    expect(readers, 'process.env is read only by src/config/env.ts: add a setting there').toEqual([])
  })
})

describe('the shape of the rooms', () => {
  it('has kebab-case file names and no dumping grounds', () => {
    const wrong = sources.filter((file) => {
      const base = path.basename(file).replace(/\.(ts|mjs)$/, '')
      return (
        !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(base) ||
        ['utils', 'helpers', 'types', 'index', 'common', 'misc'].includes(base)
      )
    })
    expect(wrong).toEqual([])
  })

  it('keeps files short enough to read at once', () => {
    const long = sources
      .map((file) => ({ file, lines: readFileSync(path.join(ROOT, file), 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 300)
    expect(long, 'past 250 lines a file is two files: split it').toEqual([])
  })

  it('exports by name', () => {
    const wrong = sources.filter((file) =>
      /(^|\n)export default\b/.test(readFileSync(path.join(ROOT, file), 'utf8')),
    )
    expect(wrong).toEqual([])
  })
})
