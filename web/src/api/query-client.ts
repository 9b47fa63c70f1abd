/** The cache of what the server said. */
import { QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './problem.ts'

/** Only what may pass by itself is asked again: no answer, a restart, a crowd. */
function mayPass(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || error.status === 429 || error.status >= 500)
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => mayPass(error) && failures < 5,
        retryDelay: (failures) => Math.min(500 * 2 ** failures, 8_000),
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}
