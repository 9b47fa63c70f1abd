/** Jobs on the wire. */
import { infiniteQueryOptions } from '@tanstack/react-query'
import { type Job, jobList } from '../../../../src/delivery/contract/jobs.ts'
import { command, request } from '../../api/http.ts'
import { api, withQuery } from '../../paths/paths.ts'

export const jobKeys = { all: ['jobs'] as const }

export const jobsQuery = (state: Job['state'] | undefined) =>
  infiniteQueryOptions({
    queryKey: [...jobKeys.all, state ?? 'all'] as const,
    queryFn: ({ pageParam, signal }) =>
      request(jobList, withQuery(api.jobs, { state, cursor: pageParam, limit: 50 }), { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

export const retryJob = (jobId: string): Promise<void> => command(api.retryJob(jobId))
export const cancelJob = (jobId: string): Promise<void> => command(api.cancelJob(jobId))

export const JOB_STATES = [
  { value: 'waiting', label: 'Waiting', colour: 'gray' },
  { value: 'running', label: 'Running', colour: 'indigo' },
  { value: 'retrying', label: 'Trying again', colour: 'orange' },
  { value: 'done', label: 'Done', colour: 'pine' },
  { value: 'failed', label: 'Failed', colour: 'red' },
  { value: 'cancelled', label: 'Cancelled', colour: 'gray' },
] as const satisfies readonly { value: Job['state']; label: string; colour: string }[]

/** Addresses are typed by people: an unknown state is no filter. */
export function jobStateOf(text: string | undefined): Job['state'] | undefined {
  return JOB_STATES.find(({ value }) => value === text)?.value
}

/** What may be done about a job in each state. */
export function jobActions(state: Job['state']): { readonly retry: boolean; readonly cancel: boolean } {
  return {
    retry: state === 'failed' || state === 'cancelled',
    cancel: state === 'waiting' || state === 'running' || state === 'retrying',
  }
}
