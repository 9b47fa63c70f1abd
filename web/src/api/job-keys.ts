/** Where jobs are in the cache: beneath a list for each state. */
export const jobKeys = {
  all: ['jobs'] as const,
  lists: ['jobs', 'list'] as const,
  queues: ['jobs', 'queues'] as const,
}
