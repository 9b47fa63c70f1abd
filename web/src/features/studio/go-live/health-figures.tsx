/** What is measured of the encoder, figure by figure. */
import { SimpleGrid, Text } from '@mantine/core'
import type { Health } from '../../../../../src/delivery/contract/broadcasts.ts'
import { healthFigures } from './figures.ts'

export function HealthFigures({ health }: { readonly health: Health }) {
  return (
    <SimpleGrid
      component="dl"
      cols={{ base: 2, xs: 3 }}
      spacing="sm"
      verticalSpacing="xs"
      m={0}
      data-testid="health-figures"
    >
      {healthFigures(health).map(({ name, value }) => (
        <div key={name}>
          <Text component="dt" size="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" size="sm" fw={600} m={0} style={{ overflowWrap: 'anywhere' }}>
            {value}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  )
}
