/** The providers around every page. */
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect } from 'react'
import { makeQueryClient } from '../api/query-client.ts'
import { followServerEvents } from '../api/server-events.ts'
import { makeRouter } from './router.tsx'
import { theme } from './theme.ts'

const queryClient = makeQueryClient()
const router = makeRouter(queryClient)

export function App() {
  useEffect(() => {
    const leaving = new AbortController()
    followServerEvents(queryClient, leaving.signal)
    return () => leaving.abort()
  }, [])
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-center" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  )
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
