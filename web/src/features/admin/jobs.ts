/** Jobs on the wire. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { type Job, jobList, queueList } from '../../../../src/delivery/contract/jobs.ts'
import { command, request } from '../../api/http.ts'
import { jobKeys } from '../../api/job-keys.ts'
import { api, withQuery } from '../../paths/paths.ts'

export const jobsQuery = (state: Job['state'] | undefined) =>
  infiniteQueryOptions({
    queryKey: [...jobKeys.lists, state ?? 'all'] as const,
    queryFn: ({ pageParam, signal }) =>
      request(jobList, withQuery(api.jobs, { state, cursor: pageParam, limit: 50 }), { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

export const retryJob = (jobId: string): Promise<void> => command(api.retryJob(jobId))
export const cancelJob = (jobId: string): Promise<void> => command(api.cancelJob(jobId))

export const queuesQuery = queryOptions({
  queryKey: jobKeys.queues,
  queryFn: ({ signal }) => request(queueList, api.queues, { signal }),
})

export const pauseQueue = (kind: string): Promise<void> => command(api.pauseQueue(kind))
export const resumeQueue = (kind: string): Promise<void> => command(api.resumeQueue(kind))

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

const KIND_WORDS: Readonly<Record<string, string>> = {
  'encode-chunk': 'Encoding',
  'encode-now': 'Encoding for viewers who wait',
  'process-upload': 'Taking in uploads',
  'complete-replay': 'Completing replays',
  'rebuild-video': 'Making videos again',
  'make-poster': 'Posters',
  'make-storyboard': 'Storyboards',
  'find-captions': 'Captions that came along',
  'recognise-speech': 'Speech to text',
  'measure-sound': 'Loudness',
  'finish-video': 'Measuring and publishing',
}

/** A kind of job for people; one this page does not know by its own name. */
export function kindWords(kind: string): string {
  return KIND_WORDS[kind] ?? kind
}

/** "2.4 × as fast as it plays, 3 s left". */
export function paceWords({ percent, speed, secondsLeft }: Job): string {
  const words = [
    percent === null ? undefined : `${percent} %`,
    speed === null ? undefined : `${speed.toFixed(1)} × real time`,
    secondsLeft === null ? undefined : `${Math.max(1, Math.ceil(secondsLeft))} s left`,
  ]
  return words.filter((word) => word !== undefined).join(', ')
}
