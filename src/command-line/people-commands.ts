/** `reprise user …` and `reprise key …`: people, their passwords and roles, and their stream keys. */
import { randomBytes } from 'node:crypto'
import { Argument, type Command, Option } from 'commander'
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
        for (const { email, role, name } of await people.list()) console.log(`${email}\t${role}\t${name}`)
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
    .action((email: string, label = 'Made on the command line') =>
      withCatalogue(async ({ people }) => {
        const made = await people.createStreamKey(email, label)
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

function newPassword(): string {
  return randomBytes(12).toString('base64url')
}
