/** Workers on the wire, and how they are in words. */
import { queryOptions } from '@tanstack/react-query'
import { type Worker, workerList } from '../../../../src/delivery/contract/workers.ts'
import { command, request } from '../../api/http.ts'
import { api } from '../../paths/paths.ts'

export const workersQuery = queryOptions({
  queryKey: ['workers'],
  queryFn: ({ signal }) => request(workerList, api.workers, { signal }),
})

export const drainWorker = (workerId: string): Promise<void> => command(api.drainWorker(workerId))
export const resumeWorker = (workerId: string): Promise<void> => command(api.resumeWorker(workerId))

export const WORKER_STATES: Record<
  Worker['state'],
  { readonly label: string; readonly colour: string; readonly words: string }
> = {
  working: { label: 'Working', colour: 'pine', words: '' },
  unfit: { label: 'Unfit', colour: 'red', words: 'It takes no jobs, and tests itself again by itself.' },
  draining: { label: 'Draining', colour: 'orange', words: 'It hands back what it has.' },
  drained: { label: 'Out of work', colour: 'gray', words: 'It takes no jobs until it is resumed.' },
  silent: {
    label: 'Not heard of',
    colour: 'red',
    words: 'It was killed, or is cut off from the database. What it had goes to others by itself.',
  },
}

/** "0.35": the machine is at a third of what it can. */
export function loadShare({ load, processors }: Pick<Worker, 'load' | 'processors'>): number {
  return processors > 0 ? load / processors : 0
}
