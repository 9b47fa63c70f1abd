/** What a player showed, told by the filters of ffmpeg that ffplay and mpv have within them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export const SHOW_PICTURES = 'showinfo'
export const SHOW_SOUND = 'ashowinfo'

export interface Shown {
  /** A checksum of each picture, in order. */
  readonly pictures: readonly string[]
  /** Frames of sound. */
  readonly sounds: number
}

/** From what the player printed. Several threads print, and not always whole lines. */
export function readShown(output: string): Shown {
  const pictures = [...output.matchAll(/\btype:[IPB?] checksum:([0-9A-F]{8})/g)].map(([, sum = '']) => sum)
  return { pictures, sounds: [...output.matchAll(/\bplane_checksums:/g)].length }
}

/** The same of a file, decoded by ffmpeg. */
export async function shownOf(file: string): Promise<Shown> {
  const filters = ['-vf', SHOW_PICTURES, '-af', SHOW_SOUND]
  const args = [
    '-hide_banner',
    '-nostdin',
    '-i',
    file,
    ...filters,
    '-fps_mode',
    'passthrough',
    '-f',
    'null',
    '-',
  ]
  const { stderr } = await promisify(execFile)('ffmpeg', args, { maxBuffer: 1 << 26 })
  return readShown(stderr)
}
