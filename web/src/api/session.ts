/** Who is signed in, and signing in and out (better-auth's session cookie). */
import { queryOptions } from '@tanstack/react-query'
import { type Me, me } from '../../../src/delivery/contract/people.ts'
import { api } from '../paths/paths.ts'
import { command, request } from './http.ts'
import { ApiProblem } from './problem.ts'

/** Null when nobody is signed in. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await request(me, api.me, { signal })
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null
      throw error
    }
  },
  staleTime: 60_000,
})

export async function signIn(email: string, password: string): Promise<void> {
  await command(api.signIn, { body: { email, password } })
}

export async function signOut(): Promise<void> {
  await command(api.signOut, { body: {} })
}

export const mayCreate = (person: Me | null | undefined) =>
  person?.role === 'creator' || person?.role === 'admin'
export const mayAdminister = (person: Me | null | undefined) => person?.role === 'admin'
