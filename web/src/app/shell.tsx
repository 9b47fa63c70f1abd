/** The frame of the site: skip link, header, the page, and on phones a drawer. */
import { AppShell, Burger, Drawer, Group } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { pages } from '../paths/paths.ts'
import { Logo } from '../ui/logo.tsx'
import { AccountMenu } from './account-menu.tsx'
import { ColourSchemeMenu } from './colour-scheme-menu.tsx'
import { MainNav } from './main-nav.tsx'
import { SearchBox } from './search-box.tsx'
import classes from './shell.module.css'

export function Shell() {
  const [drawer, { open, close }] = useDisclosure(false)
  const pathname = useRouterState({ select: (state) => state.location.pathname })
  const main = useRef<HTMLElement>(null)
  const previous = useRef(pathname)

  useEffect(() => {
    if (previous.current === pathname) return
    previous.current = pathname
    close()
    // A new page: the keyboard and the screen reader start at its beginning.
    main.current?.focus({ preventScroll: true })
  }, [pathname, close])

  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <AppShell header={{ height: 60 }} padding={0}>
        <AppShell.Header className={classes.header ?? ''}>
          <Group h="100%" px="md" gap="sm" wrap="nowrap">
            <Burger
              opened={drawer}
              onClick={open}
              hiddenFrom="sm"
              size="sm"
              aria-label="Open the menu"
              data-testid="open-menu"
            />
            <Link to={pages.library} className={classes.brand} aria-label="Reprise, to the library">
              <Logo />
              <span className={classes.name}>Reprise</span>
            </Link>
            <Group visibleFrom="sm" gap={4} ml="sm" wrap="nowrap">
              <MainNav />
            </Group>
            <SearchBox />
            <Group gap={4} wrap="nowrap">
              <ColourSchemeMenu />
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Main id="main" ref={main} tabIndex={-1} className={classes.main ?? ''}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <Drawer opened={drawer} onClose={close} size="xs" title="Reprise" hiddenFrom="sm">
        <MainNav stacked />
      </Drawer>
    </>
  )
}
