/** `reprise import <files or folders>`: videos and other servers' recordings on this machine, into the catalogue as uploads. */
import path from 'node:path'
import { type Command, Option } from 'commander'
import { MalformedError } from '../formats/bytes/malformed-error.ts'
import { AppError, describeError } from '../kernel/errors.ts'
import type { VideoVisibility } from '../library/permissions.ts'
import type { ForeignRecording, RecordingCut } from '../recording/repair-foreign.ts'
import { type CatalogueSession, withCatalogue } from './catalogue-session.ts'
import { findFiles, importFile } from './import-files.ts'

const VISIBILITIES = ['public', 'unlisted', 'private'] as const satisfies readonly VideoVisibility[]

interface ImportOptions {
  readonly owner?: string
  readonly title?: string
  readonly visibility: VideoVisibility
}

export function addImportCommand(program: Command): void {
  program
    .command('import <path...>')
    .description(
      'put video files and recordings of other servers into the catalogue, whole folders too; broken recordings are repaired, the originals stay as they are, and what is there already is not taken twice',
    )
    .option('--owner <email>', 'whose videos they become; the first administrator by default')
    .option('--title <title>', 'for a single file; its name, or the time of a recording, by default')
    .addOption(new Option('--visibility <visibility>').choices(VISIBILITIES).default('public'))
    .action(async (paths: string[], options: ImportOptions) => {
      const refused = await withCatalogue((catalogue) => importAll(catalogue, paths, options))
      if (refused > 0) process.exitCode = 1
    })
}

/** Goes on after a file that cannot be taken. Resolves with how many could not. */
async function importAll(
  { library, site, storageDir }: CatalogueSession,
  paths: readonly string[],
  { owner, title, visibility }: ImportOptions,
): Promise<number> {
  const people = await library.people.list()
  const person = owner
    ? people.find(({ email }) => email === owner.trim().toLowerCase())
    : people.find(({ role }) => role === 'admin')
  if (!person)
    throw new AppError(
      'not-found',
      owner ? `There is no person with the e-mail ${owner}.` : 'There is nobody yet: start Reprise once.',
    )
  const { files, others } = await findFiles(paths)
  const wishes = {
    person: { userId: person.id, userName: person.name },
    title: files.length === 1 ? title : undefined,
    visibility,
  }
  const count = { 'taken in': 0, repaired: 0, 'already there': 0, refused: 0 }
  for (const file of files) {
    const shown = path.relative(process.cwd(), file).startsWith('..')
      ? file
      : path.relative(process.cwd(), file)
    try {
      if (file.startsWith(storageDir + path.sep))
        throw new AppError('conflict', 'It is one of our own files, and in the catalogue already.')
      const { videoId, isNew, repair } = await importFile(
        library.uploads,
        file,
        wishes,
        new AbortController().signal,
      )
      count[isNew ? 'taken in' : 'already there'] += 1
      if (repair) count.repaired += 1
      console.log(`${shown}: ${isNew ? 'taken in' : 'already there'}: ${site}/watch/${videoId}`)
      if (repair) console.log(`  repaired: ${describeRepair(repair)}`)
    } catch (error) {
      count.refused += 1
      console.error(`${shown}: refused: ${describeRefusal(error)}`)
    }
  }
  const left = others > 0 ? `; ${plural(others, 'other file')} left alone` : ''
  console.log(
    `${plural(files.length, 'file')}: ${count['taken in']} taken in (${count.repaired} repaired), ${count['already there']} already there, ${count.refused} refused${left}.`,
  )
  return count.refused
}

function describeRepair({ cuts }: ForeignRecording): string {
  if (cuts.length === 0) return 'the sizes between its tags were wrong and are set right; nothing is lost.'
  return `${cuts.map(describeCut).join('; ')}.`
}

function describeCut({ kind, at, bytes, lostMs }: RecordingCut): string {
  const lost = lostMs > 0 ? `, about ${lostMs} ms lost` : ''
  if (kind === 'end') return `${plural(bytes, 'byte')} cut off at the end, which are no whole message${lost}`
  if (kind === 'middle') return `${plural(bytes, 'damaged byte')} left out at byte ${at}${lost}`
  return `${plural(bytes, 'byte')} cut off from byte ${at} on, which are the rest of another recording`
}

function describeRefusal(error: unknown): string {
  if (error instanceof MalformedError) return `It begins as FLV and is none: ${error.message}.`
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'There is no such file.'
  if (code === 'EACCES' || code === 'EPERM') return 'The user that runs this may not read it.'
  return describeError(error)
}

function plural(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`
}
