/** Searches the library; the words stand in the address as ?q=. */
import { CloseButton, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate, useRouterState } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { pages } from '../paths/paths.ts'
import classes from './shell.module.css'

const TYPING_PAUSE_MS = 300

export function SearchBox() {
  const navigate = useNavigate()
  const { pathname, q } = useRouterState({
    select: ({ location }) => ({
      pathname: location.pathname,
      q: (location.search as { q?: string }).q ?? '',
    }),
    structuralSharing: true,
  })
  const [words, setWords] = useState(q)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setWords(q), [q])
  useEffect(() => () => clearTimeout(timer.current), [])

  const onLibrary = pathname === pages.library
  const search = (text: string, replace: boolean) => {
    clearTimeout(timer.current)
    const trimmed = text.trim()
    void navigate({
      to: pages.library,
      search: ({ q: _, tag, channel, sort }) => ({
        ...(onLibrary && { ...(tag && { tag }), ...(channel && { channel }), ...(sort && { sort }) }),
        ...(trimmed !== '' && { q: trimmed }),
      }),
      replace,
    })
  }
  const type = (text: string) => {
    setWords(text)
    clearTimeout(timer.current)
    // Elsewhere, typing must not take the person away from the page: Enter does.
    if (onLibrary) timer.current = setTimeout(() => search(text, true), TYPING_PAUSE_MS)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    search(words, false)
  }
  return (
    <search className={classes.search}>
      <form onSubmit={submit}>
        <TextInput
          type="search"
          aria-label="Search videos"
          placeholder="Search videos"
          radius="xl"
          value={words}
          maxLength={200}
          onChange={(event) => type(event.currentTarget.value)}
          leftSection={<IconSearch size={17} aria-hidden />}
          rightSection={
            words === '' ? null : (
              <CloseButton
                size="sm"
                aria-label="Clear the search"
                onClick={() => {
                  setWords('')
                  if (onLibrary) search('', true)
                }}
              />
            )
          }
          data-testid="search"
        />
      </form>
    </search>
  )
}
