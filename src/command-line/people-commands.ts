/** `reprise user …` and `reprise key …`: people, their passwords and roles, and their stream keys. */
import { randomBytes } from 'node:crypto'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { AppError } from '../kernel/errors.ts'
import type { PersonRole } from '../library/permissions.ts'
import { withCatalogue } from './catalogue-session.ts'

const ROLES = ['viewer', 'creator', 'admin'] as const satisfies readonly PersonRole[]

export function addPeopleCommands(program: Command): void {
  const user = program.command('user').description('people who may sign in')

  user
    .command('list')
    .description('everybody, by e-mail')
    .action(() =>
      withCatalogue(async ({ people }) => {
        for (const { email, role, name, suspension } of await people.list())
          console.log(`${email}\t${role}\t${name}${suspension ? '\tsuspended' : ''}`)
      }),
    )

  user
    .command('add <email>')
    .description('add somebody; prints a password unless one is given')
    .addOption(new Option('--role <role>', 'what they may do').choices(ROLES).default('creator'))
    .option('--name <name>', 'as others see it; the part of the e-mail before the @ by default')
    .option('--password <password>', 'at least 8 characters')
    .action((email: string, options: { role: PersonRole; name?: string; password?: string }) =>
      withCatalogue(async ({ people, site }) => {
        const password = options.password ?? newPassword()
        const name = options.name ?? email.split('@')[0] ?? email
        const person = await people.create({ email, name, password, role: options.role })
        console.log(`${person.email} may sign in at ${site} as ${person.role}.`)
        if (options.password === undefined) console.log(`Password: ${password}`)
      }),
    )

  user
    .command('password <email> [password]')
    .description('set a new password, or make one; signs them out everywhere')
    .action((email: string, given: string | undefined) =>
      withCatalogue(async ({ people }) => {
        const password = given ?? newPassword()
        await people.setPassword(email, password)
        console.log(
          given === undefined ? `New password of ${email}: ${password}` : `${email} has a new password.`,
        )
      }),
    )

  user
    .command('role <email>')
    .description('change what somebody may do')
    .addArgument(new Argument('<role>').choices(ROLES))
    .action((email: string, role: PersonRole) =>
      withCatalogue(async ({ people }) => {
        const person = await people.setRole(email, role)
        console.log(`${person.email} is ${person.role} now.`)
      }),
    )

  user
    .command('suspend <email>')
    .description('sign them out, refuse their stream keys, and end what they have on air')
    .option('--reason <reason>', 'shown to them and to administrators', '')
    .option('--until <date>', 'such as 2027-01-31; for good by default', parseDate)
    .action((email: string, options: { reason: string; until?: Date }) =>
      withCatalogue(async ({ people }) => {
        const { id } = await people.find(email)
        await people.suspend(id, { reason: options.reason, until: options.until })
        console.log(`${email} is suspended${options.until ? ` until ${options.until.toISOString()}` : ''}.`)
      }),
    )

  user
    .command('restore <email>')
    .description('end a suspension')
    .action((email: string) =>
      withCatalogue(async ({ people }) => {
        const { id } = await people.find(email)
        await people.restore(id)
        console.log(`${email} may sign in and broadcast again.`)
      }),
    )

  user
    .command('quota <email> <bytes>')
    .description('what their channel may store: a number, "none" for no limit, or "default"')
    .action((email: string, bytes: string) =>
      withCatalogue(async ({ people, library }) => {
        const quota = parseQuota(bytes)
        const { id, name } = await people.find(email)
        const channel = await library.channels.ensure(id, name)
        await library.channels.setQuota(channel.id, quota)
        console.log(`The channel "${channel.handle}" may store ${quota === null ? 'the default' : bytes}.`)
      }),
    )

  const key = program.command('key').description('stream keys, with which encoders broadcast')

  key
    .command('list <email>')
    .description("somebody's keys")
    .action((email: string) =>
      withCatalogue(async ({ people }) => {
        for (const { id, hint, label, lastUsedAt } of await people.listStreamKeys(email)) {
          console.log(
            `${id}\t…${hint}\t${lastUsedAt ? `used ${lastUsedAt.toISOString()}` : 'never used'}\t${label}`,
          )
        }
      }),
    )

  key
    .command('add <email> [label]')
    .description('make a key; it is shown this once')
    .option('--expires <date>', 'nothing begins with it after that', parseDate)
    .action((email: string, label = 'Made on the command line', options: { expires?: Date } = {}) =>
      withCatalogue(async ({ people }) => {
        const made = await people.createStreamKey(email, label, options.expires ?? null)
        console.log(`Stream key for the channel "${made.handle}": ${made.key}`)
      }),
    )

  key
    .command('revoke <email> <id>')
    .description('end a key: nothing new begins with it')
    .action((email: string, id: string) =>
      withCatalogue(async ({ people }) => {
        await people.revokeStreamKey(email, id)
        console.log('Revoked.')
      }),
    )
}

function parseDate(text: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Give a date such as 2027-01-31 or 2027-01-31T18:00Z.')
  return date
}

/** Null: the default. */
function parseQuota(text: string): number | null {
  if (text === 'default') return null
  if (text === 'none') return 0
  const bytes = Number(text)
  if (!Number.isInteger(bytes) || bytes < 1)
    throw new AppError('invalid-input', 'Give a number of bytes, "none" or "default".')
  return bytes
}

function newPassword(): string {
  return randomBytes(12).toString('base64url')
}
