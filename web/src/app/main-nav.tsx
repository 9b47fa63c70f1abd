/** The site's sections, as many as the person may see. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { mayAdminister, mayCreate, meQuery } from '../api/session.ts'
import { pages } from '../paths/paths.ts'
import classes from './shell.module.css'

export function MainNav({ stacked = false }: { readonly stacked?: boolean }) {
  const { data: person } = useQuery(meQuery)
  return (
    <nav
      aria-label="Main"
      className={stacked ? classes.stacked : undefined}
      style={stacked ? undefined : { display: 'flex', gap: 4 }}
    >
      <Link
        to={pages.library}
        className={classes.navLink}
        activeOptions={{ exact: true, includeSearch: false }}
      >
        Library
      </Link>
      {mayCreate(person) && (
        <Link to={pages.studio} className={classes.navLink}>
          Studio
        </Link>
      )}
      {mayAdminister(person) && (
        <Link to={pages.admin} className={classes.navLink}>
          Admin
        </Link>
      )}
    </nav>
  )
}
