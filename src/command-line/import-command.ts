/** `reprise import <file…>`: files that are on this machine already, into the catalogue as uploads. */
import { constants } from 'node:fs'
import { copyFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { type Command, Option } from 'commander'
import { AppError, describeError } from '../kernel/errors.ts'
import type { VideoVisibility } from '../library/permissions.ts'
import { titleFrom } from '../library/uploads.ts'
import { type CatalogueSession, withCatalogue } from './catalogue-session.ts'

const VISIBILITIES = ['public', 'unlisted', 'private'] as const satisfies readonly VideoVisibility[]

interface ImportOptions {
  readonly owner?: string
  readonly title?: string
  readonly visibility: VideoVisibility
}

export function addImportCommand(program: Command): void {
  program
    .command('import <file...>')
    .description('put video files into the catalogue; the originals stay where they are')
    .option('--owner <email>', 'whose videos they become; the first administrator by default')
    .option('--title <title>', "for a single file; the file's name by default")
    .addOption(new Option('--visibility <visibility>').choices(VISIBILITIES).default('public'))
    .action(async (files: string[], options: ImportOptions) => {
      const failed = await withCatalogue((catalogue) => importFiles(catalogue, files, options))
      if (failed > 0) process.exitCode = 1
    })
}

/** Goes on after a file that cannot be taken. Resolves with how many could not. */
async function importFiles(
  { library, site }: CatalogueSession,
  files: readonly string[],
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

  let failed = 0
  for (const file of files) {
    const fileName = path.basename(file)
    try {
      const { size } = await stat(file)
      await library.uploads.checkRoom(size)
      const upload = await library.uploads.begin(fileName)
      try {
        // Shares the blocks where the file system can.
        await copyFile(file, upload.file, constants.COPYFILE_FICLONE)
      } catch (error) {
        await library.uploads.discard(upload)
        throw error
      }
      const details = {
        fileName,
        title: (files.length === 1 ? title : undefined) ?? titleFrom(fileName),
        visibility,
      }
      const by = { userId: person.id, userName: person.name }
      const videoId = await library.uploads.accept(upload, by, details, new AbortController().signal)
      console.log(`${file}: ${site}/watch/${videoId}`)
    } catch (error) {
      failed += 1
      console.error(`${file}: ${describeError(error)}`)
    }
  }
  return failed
}
