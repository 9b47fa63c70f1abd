/**
 * ffmpeg and ffprobe: those of FFMPEG_PATH and FFPROBE_PATH, else the system's, else Debian's by apt, else an
 * older build that npm brought. What counts as usable is decided in pipeline/ffmpeg/locate.ts, which is asked here.
 */
import { statSync } from 'node:fs'
import path from 'node:path'
import { aptInstall, canUseApt, TEST_TOOLS_ADVICE } from './apt.mjs'
import { programNodePath, ROOT, readStamp, writeStamp } from './places.mjs'
import { run } from './process.mjs'
import { longStep, SetupError, say } from './report.mjs'

const STAMP = 'ffmpeg'

/** @typedef {{ found: { ffmpeg: string, ffprobe: string, version: string, source: 'setting' | 'system' | 'package' } } | { message: string }} Answer */

/** @type {import('./steps.mjs').Step} */
export const ffmpeg = {
  isFresh({ forTests }) {
    const [source, ...files] = readStamp(STAMP)?.split('\n')[0]?.split('\t') ?? []
    if (source === undefined || (forTests && source === 'package')) return false
    return readStamp(STAMP) === stampOf(source, files)
  },

  async refresh({ forTests }) {
    let answer = await ask()
    const isGood = () => 'found' in answer && answer.found.source !== 'package'
    const isSet = process.env.FFMPEG_PATH || process.env.FFPROBE_PATH
    if (!isGood() && !isSet && canUseApt()) {
      const installed = await longStep('Installing ffmpeg with apt', (progress) =>
        aptInstall('ffmpeg', progress),
      )
      if (!installed.ok) say(`apt could not install ffmpeg:\n${installed.why}`)
      answer = await ask()
    }
    if (!('found' in answer)) throw new SetupError(answer.message)
    const { found } = answer
    if (found.source === 'package') {
      if (forTests)
        throw new SetupError(
          `The tests need ffmpeg 5 or newer, not the old build that npm brings (${found.version}).\n${TEST_TOOLS_ADVICE}`,
        )
      say(
        `No ffmpeg 5 or newer is installed here: using an older build (${found.version}) from an npm package. It works; a current one is faster and knows more formats: install it with "sudo apt-get install ffmpeg".`,
      )
    }
    writeStamp(STAMP, stampOf(found.source, [found.ffmpeg, found.ffprobe]))
  },
}

/** @returns {Promise<Answer>} */
async function ask() {
  const { ok, output } = await run(programNodePath(), [path.join(ROOT, 'src/command-line/find-ffmpeg.ts')])
  const answer = output.split('\n').find((line) => line.startsWith('{'))
  if (!ok || !answer) throw new SetupError(`The search for ffmpeg failed:\n${output.trim()}`)
  return JSON.parse(answer)
}

/**
 * What was found stays good while the files, the settings and what is on the PATH are the same.
 *
 * @param {string} source
 * @param {string[]} files
 */
function stampOf(source, files) {
  const onPath = ['ffmpeg', 'ffprobe'].flatMap((tool) =>
    (process.env.PATH ?? '').split(':').map((folder) => path.join(folder, tool)),
  )
  const facts = [...files, ...onPath].flatMap((file) => {
    const stat = statIfReadable(file)
    return stat ? [`${file} ${stat.size} ${stat.mtimeMs}`] : []
  })
  const settings = [process.env.FFMPEG_PATH, process.env.FFPROBE_PATH].join(' ')
  return [[source, ...files].join('\t'), settings, ...new Set(facts)].join('\n')
}

/** A PATH may have folders that this user cannot look into. @param {string} file */
function statIfReadable(file) {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}
