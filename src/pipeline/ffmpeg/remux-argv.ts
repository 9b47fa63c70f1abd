/** Arguments that copy an upload's packets into Matroska, for containers that packaging does not read (MPEG-PS, ASF …). Pure. */
import { mainAudio, type SourceMedia } from '../source.ts'
import type { FfmpegCommand } from './command.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'

/** Times come out as ffmpeg counts them: from the start of the file. */
export function remuxToMatroska(inputPath: string, outputPath: string, media: SourceMedia): FfmpegCommand {
  const audio = mainAudio(media)
  return {
    inputs: [{ url: inputUrl(inputPath), options: [...ALLOW_LISTS, '-fflags', '+genpts'] }],
    outputs: [
      {
        path: outputPath,
        options: [
          ...['-map', `0:${media.video.index}`, ...(audio ? ['-map', `0:${audio.index}`] : [])],
          ...['-map_metadata', '-1', '-c', 'copy', '-f', 'matroska'],
        ],
      },
    ],
  }
}
