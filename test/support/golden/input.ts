/** A row of the table: 2 s of the picture, 25 a second, encoded. */
import type { GoldenInput } from './golden-test.ts'
import { drawPicture, type PictureOptions } from './picture.ts'

type Want = GoldenInput['want']
export const WANT: Want = { timeline: 'planned', width: 160, height: 120, seconds: 2, frames: 50 }

export function input(
  title: string,
  name: string,
  args: readonly string[],
  want: Partial<Want> = {},
  options: Partial<PictureOptions> = {},
): GoldenInput {
  return {
    title,
    name,
    make: (file) => drawPicture(file, { seconds: 2, ...options }, ...args),
    // Matroska has AAC begin a moment before its pictures.
    want: { ...WANT, ...(name.endsWith('.mkv') ? { frames: undefined } : {}), ...want },
  }
}
