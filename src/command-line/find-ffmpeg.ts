/** Asked by the set-up (setup/install/ffmpeg.mjs), which cannot import TypeScript: prints one line of JSON. */
import path from 'node:path'
import { readEnv } from '../config/env.ts'
import { describeError } from '../kernel/errors.ts'
import { locateFfmpeg } from '../pipeline/ffmpeg/locate.ts'

const env = readEnv()
try {
  const { encoders: _, ...found } = await locateFfmpeg({
    ffmpegPath: env.FFMPEG_PATH || undefined,
    ffprobePath: env.FFPROBE_PATH || undefined,
    searchPath: (env.PATH ?? '').split(path.delimiter),
  })
  console.log(JSON.stringify({ found }))
} catch (error) {
  console.log(JSON.stringify({ message: describeError(error) }))
}
