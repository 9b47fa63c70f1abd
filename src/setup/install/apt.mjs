/** Debian's packages, installed by root without questions. */
import { existsSync } from 'node:fs'
import { run } from './process.mjs'
import { lastLines } from './report.mjs'

const APT = '/usr/bin/apt-get'

export const TEST_TOOLS_ADVICE =
  'Install what the tests need with:\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg chromium\n'

export function canUseApt() {
  return process.getuid?.() === 0 && existsSync(APT)
}

/**
 * @param {string} name
 * @param {(text: string) => void} progress
 * @returns {Promise<{ ok: true } | { ok: false, why: string }>}
 */
export async function aptInstall(name, progress) {
  const options = {
    env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    statusFd: true,
    /** `dlstatus:<n>:<percent>:<text>` and `pmstatus:<package>:<percent>:<text>`; apt's README.progress-reporting. @param {string} line */
    onLine(line) {
      const [, kind, percent] = /^(dlstatus|pmstatus):[^:]*(?::[^:]+)?:(\d+(?:\.\d+)?):/.exec(line) ?? []
      if (percent)
        progress(`${kind === 'dlstatus' ? 'downloading' : 'unpacking'} ${Math.round(Number(percent))} %`)
    },
  }
  // Somebody else's apt may be at work: wait for it instead of failing.
  const common = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'APT::Status-Fd=3', '-q']
  progress('asking for the list of packages')
  const update = await run(APT, [...common, 'update'], options)
  const wanted = ['install', '-y', '--no-install-recommends', name]
  const download = await run(APT, [...common, '--download-only', ...wanted], options)
  // dpkg stopped halfway refuses all further work until somebody repairs it.
  const install = download.ok
    ? await run(APT, [...common, ...wanted], { ...options, hasToFinish: true })
    : download
  return install.ok
    ? { ok: true }
    : { ok: false, why: lastLines(`${update.ok ? '' : update.output}\n${install.output}`, 6) }
}
