/** A real Chromium, headless: Debian's, or the one CHROMIUM_PATH names. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { FirstRun } from './program.ts'

const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

export async function openBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => place !== undefined && existsSync(place))
  if (!executablePath)
    throw new Error('No Chromium: run "npm test", which installs it, or "apt-get install chromium".')
  return chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
}

export interface Visit extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page complained about: uncaught errors, and console errors other than refused requests. */
  readonly complaints: readonly string[]
}

export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } as const
export const DESKTOP = { viewport: { width: 1440, height: 900 } } as const

export async function visit(
  browser: Browser,
  options: typeof PHONE | typeof DESKTOP = DESKTOP,
): Promise<Visit> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // A browser reports every answer of 4xx as an error of its own; asking whether one is signed in is one.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() }
}

export async function signIn(page: Page, site: string, { email, password }: FirstRun): Promise<void> {
  await page.goto(`${site}/sign-in`)
  await page.getByTestId('sign-in-email').fill(email)
  await page.getByTestId('sign-in-password').fill(password)
  await page.getByTestId('sign-in-submit').click()
  await page.getByTestId('account').waitFor()
}

/** The state of the page's video element. */
export function videoState(page: Page) {
  return page.evaluate(() => {
    const video = document.querySelector('video')
    if (!video) return undefined
    const { currentTime, duration, paused, videoHeight, readyState } = video
    return { currentTime, duration, paused, videoHeight, readyState, error: video.error?.message }
  })
}
