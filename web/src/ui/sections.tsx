/** The pages of a section, as a row of links below the header. */
import { Container } from '@mantine/core'
import type { Icon } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import classes from './sections.module.css'

interface SectionsProps {
  readonly label: string
  readonly sections: readonly { readonly to: string; readonly label: string; readonly Icon: Icon }[]
}

export function Sections({ label, sections }: SectionsProps) {
  return (
    <Container size="xl" px={{ base: 'md', sm: 'lg' }} pt="sm">
      <nav aria-label={label} className={classes.row}>
        {sections.map(({ to, label: name, Icon }) => (
          <Link key={to} to={to} className={classes.link}>
            <Icon size={18} aria-hidden />
            {name}
          </Link>
        ))}
      </nav>
    </Container>
  )
}
