/** Signing in with e-mail and password; then back to where the person wanted to go. */
import { Button, Card, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { ApiProblem } from '../../api/problem.ts'
import { meQuery, signIn } from '../../api/session.ts'
import { pages, safeReturnPath } from '../../paths/paths.ts'
import { Page } from '../../ui/page.tsx'
import { Trouble } from '../../ui/states.tsx'

const route = getRouteApi(pages.signIn)

const WORDS = {
  title: 'Sign in',
  lead: 'The e-mail and password of the first account were printed when Reprise was started for the first time.',
  refused: 'The e-mail or the password is not right. Check both and try again.',
}

export function SignInPage() {
  const { next } = route.useSearch()
  const router = useRouter()
  const queryClient = useQueryClient()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const enter = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: async () => {
      await queryClient.resetQueries()
      await queryClient.fetchQuery({ ...meQuery, staleTime: 0 })
      router.history.push(safeReturnPath(next))
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    enter.mutate()
  }
  return (
    <Page title={WORDS.title} lead={WORDS.lead} size="xs">
      <Card withBorder padding="lg" radius="lg">
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label="E-mail"
              type="email"
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              required
              data-testid="sign-in-email"
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              required
              data-testid="sign-in-password"
            />
            {enter.isError && <Trouble title="Not signed in" error={refusalOf(enter.error)} />}
            <Button type="submit" loading={enter.isPending} data-testid="sign-in-submit">
              Sign in
            </Button>
          </Stack>
        </form>
      </Card>
    </Page>
  )
}

/** The server's words for a wrong password are its library's; these say what to do. */
function refusalOf(error: unknown): unknown {
  return error instanceof ApiProblem && (error.status === 401 || error.status === 400)
    ? new ApiProblem(error.status, error.code, WORDS.refused)
    : error
}
