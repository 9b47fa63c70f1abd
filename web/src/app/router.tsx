/** Every page and its address. Watch, studio, admin and account are loaded when first visited. */
import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { mayAdminister, mayCreate, meQuery } from '../api/session.ts'
import { LibraryPage } from '../features/library/library-page.tsx'
import { SignInPage } from '../features/sign-in/sign-in-page.tsx'
import { pages, safeReturnPath } from '../paths/paths.ts'
import { Loading } from '../ui/states.tsx'
import { BrokenPage, MissingPage } from './error-pages.tsx'
import { Shell } from './shell.tsx'

interface RouterContext {
  readonly queryClient: QueryClient
}

const text = (value: unknown) =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
/** Only the parameters that are there, so that addresses stay short. */
function present<T extends Record<string, string | undefined>>(search: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string
  }
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Shell,
  notFoundComponent: MissingPage,
  errorComponent: BrokenPage,
})

const library = createRoute({
  getParentRoute: () => root,
  path: pages.library,
  component: LibraryPage,
  validateSearch: (search: Record<string, unknown>) =>
    present({
      q: text(search.q),
      sort: text(search.sort),
      tag: text(search.tag),
      channel: text(search.channel),
    }),
})

const watch = createRoute({
  getParentRoute: () => root,
  path: pages.watch,
  validateSearch: (search: Record<string, unknown>) => present({ t: text(search.t) }),
  component: lazyRouteComponent(() => import('../features/watch/watch-page.tsx'), 'WatchPage'),
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: pages.signIn,
  validateSearch: (search: Record<string, unknown>) => present({ next: text(search.next) }),
  component: SignInPage,
})

/** Sends who is not signed in to the sign-in page, and back afterwards. What a role may not see is missing for it. */
async function guard(context: RouterContext, href: string, may: typeof mayCreate): Promise<void> {
  const person = await context.queryClient.ensureQueryData(meQuery)
  if (person === null) throw redirect({ to: pages.signIn, search: { next: safeReturnPath(href) } })
  if (!may(person)) throw redirect({ to: pages.library })
}

const studio = createRoute({
  getParentRoute: () => root,
  path: pages.studio,
  beforeLoad: ({ context, location }) => guard(context, location.href, mayCreate),
  component: lazyRouteComponent(() => import('../features/studio/studio-layout.tsx'), 'StudioLayout'),
})
const studioHome = createRoute({
  getParentRoute: () => studio,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: pages.goLive })
  },
})
const goLive = createRoute({
  getParentRoute: () => studio,
  path: '/live',
  component: lazyRouteComponent(() => import('../features/studio/go-live/go-live-page.tsx'), 'GoLivePage'),
})
const broadcast = createRoute({
  getParentRoute: () => studio,
  path: '/broadcasts/$broadcastId',
  component: lazyRouteComponent(
    () => import('../features/studio/broadcasts/broadcast-page.tsx'),
    'BroadcastPage',
  ),
})
const uploads = createRoute({
  getParentRoute: () => studio,
  path: '/uploads',
  component: lazyRouteComponent(() => import('../features/studio/uploads/uploads-page.tsx'), 'UploadsPage'),
})
const myVideos = createRoute({
  getParentRoute: () => studio,
  path: '/videos',
  component: lazyRouteComponent(
    () => import('../features/studio/my-videos/my-videos-page.tsx'),
    'MyVideosPage',
  ),
})

const editVideo = createRoute({
  getParentRoute: () => studio,
  path: '/videos/$videoId',
  component: lazyRouteComponent(
    () => import('../features/studio/video-editor/video-editor-page.tsx'),
    'VideoEditorPage',
  ),
})

const admin = createRoute({
  getParentRoute: () => root,
  path: pages.admin,
  beforeLoad: ({ context, location }) => guard(context, location.href, mayAdminister),
  component: lazyRouteComponent(() => import('../features/admin/admin-layout.tsx'), 'AdminLayout'),
})
const adminHome = createRoute({
  getParentRoute: () => admin,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: pages.adminVideos })
  },
})
const adminVideos = createRoute({
  getParentRoute: () => admin,
  path: '/videos',
  component: lazyRouteComponent(() => import('../features/admin/videos-page.tsx'), 'AdminVideosPage'),
})
const adminPeople = createRoute({
  getParentRoute: () => admin,
  path: '/people',
  component: lazyRouteComponent(() => import('../features/admin/people-page.tsx'), 'PeoplePage'),
})
const adminJobs = createRoute({
  getParentRoute: () => admin,
  path: '/jobs',
  validateSearch: (search: Record<string, unknown>) => present({ state: text(search.state) }),
  component: lazyRouteComponent(() => import('../features/admin/jobs-page.tsx'), 'JobsPage'),
})
const adminWorkers = createRoute({
  getParentRoute: () => admin,
  path: '/workers',
  component: lazyRouteComponent(() => import('../features/admin/workers-page.tsx'), 'WorkersPage'),
})

const tokens = createRoute({
  getParentRoute: () => root,
  path: pages.tokens,
  beforeLoad: ({ context, location }) => guard(context, location.href, (person) => person !== null),
  component: lazyRouteComponent(() => import('../features/account/tokens-page.tsx'), 'TokensPage'),
})

const routes = root.addChildren([
  library,
  watch,
  signIn,
  studio.addChildren([studioHome, goLive, broadcast, uploads, myVideos, editVideo]),
  admin.addChildren([adminHome, adminVideos, adminPeople, adminJobs, adminWorkers]),
  tokens,
])

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: routes,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPendingComponent: Loading,
    defaultErrorComponent: BrokenPage,
    defaultNotFoundComponent: MissingPage,
    scrollRestoration: true,
  })
}
