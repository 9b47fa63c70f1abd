/** `reprise doctor --repair`: what does not agree between storage and database, put right one by one, each with consent. */
import { createInterface } from 'node:readline/promises'
import { layFoundation } from '../composition/foundation.ts'
import type { Config } from '../config/config.ts'
import { AppError, describeError } from '../kernel/errors.ts'
import { makeLogger } from '../kernel/logger.ts'
import { PRIORITY } from '../pipeline/job-kinds.ts'
import { compareStorage } from './storage-check/compare.ts'
import type { Discrepancy } from './storage-check/discrepancy.ts'

/** Asked once for each repair. */
export type Consent = (question: string) => Promise<boolean>

/** Beside a running server, or alone. Resolves with 0, or 1 when something bad is left. */
export async function runRepair(config: Config, options: { readonly yes: boolean }): Promise<number> {
  if (!options.yes && !process.stdin.isTTY)
    throw new AppError(
      'bad-setting',
      'There is nobody to ask here. "reprise doctor --repair --yes" does everything.',
    )
  const log = makeLogger('warn')
  await using stack = new AsyncDisposableStack()
  const { paths, store, prisma, queue } = await layFoundation(config, stack, { log, standing: 'command' })
  const found = await compareStorage({
    paths,
    store,
    prisma,
    log,
    mediaDir: config.mediaDir,
    rebuild: (videoId) =>
      queue.send([{ kind: 'rebuild-video', priority: PRIORITY.replay.lead, data: { videoId } }]),
    remakePictures: (videoId) =>
      queue.send([
        { kind: 'make-poster', priority: PRIORITY.brief, data: { videoId } },
        { kind: 'make-storyboard', priority: PRIORITY.beside, data: { videoId } },
      ]),
  })
  const terminal = options.yes ? undefined : createInterface({ input: process.stdin, output: process.stdout })
  if (terminal) stack.defer(() => terminal.close())
  const consent: Consent = async (question) =>
    terminal === undefined || /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  return repairAll(found, consent, (line) => process.stdout.write(`${line}\n`))
}

export async function repairAll(
  found: readonly Discrepancy[],
  consent: Consent,
  say: (line: string) => void,
): Promise<number> {
  if (found.length === 0) say('Storage and database agree.')
  let left = 0
  for (const { subject, text, state, repair } of found) {
    say(`${subject}: ${text}`)
    const isDone =
      repair !== undefined && (await consent(`  ${repair.what}?`)) && (await attempt(repair, say))
    if (!isDone && state === 'bad') left += 1
  }
  return left > 0 ? 1 : 0
}

async function attempt(
  repair: NonNullable<Discrepancy['repair']>,
  say: (line: string) => void,
): Promise<boolean> {
  try {
    await repair.run()
    say(`  done: ${repair.what}`)
    return true
  } catch (error) {
    say(`  failed: ${describeError(error)}`)
    return false
  }
}
