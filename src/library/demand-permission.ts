/** Turns a refusal of `may` into the error a person understands. */
import { AppError } from '../kernel/errors.ts'
import { type Action, type Actions, type Asker, may } from './permissions.ts'

const REFUSALS: Partial<Record<Action, string>> = {
  create: 'Only creators may upload and broadcast. Ask an administrator for the creator role.',
  administer: 'Only administrators may do this.',
}

/** Throws AppError `sign-in-required` when signing in might help, else `forbidden`. */
export function demand<A extends Action>(asker: Asker, action: A, subject: Actions[A]): void {
  if (may(asker, action, subject)) return
  demandSignIn(asker)
  throw new AppError('forbidden', REFUSALS[action] ?? 'Only its owner and administrators may do this.')
}

export function demandSignIn(asker: Asker): asserts asker is Extract<Asker, { kind: 'person' }> {
  if (asker.kind === 'anonymous') throw new AppError('sign-in-required', 'Sign in first.')
}
