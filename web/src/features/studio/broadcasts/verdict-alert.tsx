/** What was received and recorded, in a sentence, coloured by whether something is missing. */
import { Alert } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'

export function VerdictAlert({ verdict }: { readonly verdict: NonNullable<Broadcast['verdict']> }) {
  return (
    <Alert
      color={verdict.complete ? 'pine' : 'orange'}
      icon={verdict.complete ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
      data-testid="verdict"
      data-complete={verdict.complete}
    >
      {verdict.summary}
    </Alert>
  )
}
