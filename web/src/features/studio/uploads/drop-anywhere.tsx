/** Takes files dropped anywhere on the page, and says so while they hover. */
import { Center, Overlay, Title } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { useState } from 'react'

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true

export function DropAnywhere({ onFiles }: { readonly onFiles: (files: File[]) => void }) {
  // Entering a child comes before leaving its parent: only a count says whether it is still over the page.
  const [depth, setDepth] = useState(0)
  useWindowEvent('dragenter', (event) => hasFiles(event) && setDepth((before) => before + 1))
  useWindowEvent('dragleave', (event) => hasFiles(event) && setDepth((before) => Math.max(0, before - 1)))
  useWindowEvent('dragover', (event) => hasFiles(event) && event.preventDefault())
  useWindowEvent('drop', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    setDepth(0)
    onFiles([...(event.dataTransfer?.files ?? [])])
  })
  if (depth === 0) return null
  return (
    <Overlay fixed zIndex={500} backgroundOpacity={0.75} style={{ pointerEvents: 'none' }}>
      <Center h="100%">
        <Title order={2} c="white">
          Drop to upload
        </Title>
      </Center>
    </Overlay>
  )
}
