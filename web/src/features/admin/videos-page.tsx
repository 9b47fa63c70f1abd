/** Every video of everybody. */
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconMovie, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { Page } from '../../ui/page.tsx'
import { Nothing } from '../../ui/states.tsx'
import { VideoRows } from '../../ui/video-rows.tsx'

export function AdminVideosPage() {
  const [words, setWords] = useState('')
  const [q] = useDebouncedValue(words.trim(), 300)
  return (
    <Page
      title="All videos"
      actions={
        <TextInput
          type="search"
          aria-label="Find a video"
          placeholder="Find a video"
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          leftSection={<IconSearch size={17} aria-hidden />}
          maxLength={200}
          data-testid="admin-search"
        />
      }
    >
      <VideoRows
        query={{ scope: 'all', ...(q !== '' && { q }) }}
        showChannel
        empty={
          <Nothing
            icon={<IconMovie size={32} aria-hidden />}
            title={q === '' ? 'There are no videos' : 'No video fits'}
          >
            {q === '' ? 'Broadcasts and uploads of everybody are listed here.' : 'Try fewer or other words.'}
          </Nothing>
        }
      />
    </Page>
  )
}
