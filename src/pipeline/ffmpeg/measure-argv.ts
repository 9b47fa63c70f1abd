/**
 * Arguments that listen to a whole programme once: its loudness is told at the end, and its samples come
 * out few and coarse, to be drawn. Pure.
 */
import { WAVEFORM_CHANNELS, WAVEFORM_RATE } from '../waveform.ts'
import { type FfmpegCommand, STDOUT } from './command.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'

/** One after the other they are the programme. */
export interface SoundInput {
  /** Absolute. */
  readonly path: string
  /** `a:0`, or a stream's index. */
  readonly stream: string
}

export function measureSound(inputs: readonly SoundInput[]): FfmpegCommand {
  // Gaps are filled, so that what is drawn lies where it is heard.
  const heard = inputs.map(
    ({ stream }, i) =>
      `[${i}:${stream}]aresample=48000:async=1:first_pts=0:min_hard_comp=0.05,aformat=sample_fmts=fltp:channel_layouts=stereo[i${i}]`,
  )
  const joined = `${inputs.map((_, i) => `[i${i}]`).join('')}concat=n=${inputs.length}:v=0:a=1,asplit[m][w]`
  return {
    logLevel: 'info',
    inputs: inputs.map((input) => ({ url: inputUrl(input.path), options: [...ALLOW_LISTS, '-vn'] })),
    filterGraph: [...heard, joined, '[m]ebur128=peak=true:framelog=verbose[l]'].join(';'),
    outputs: [
      { path: '-', options: ['-map', '[l]', '-f', 'null'] },
      {
        path: STDOUT,
        options: [
          ...['-map', '[w]', '-ac', `${WAVEFORM_CHANNELS}`, '-ar', `${WAVEFORM_RATE}`],
          ...['-c:a', 'pcm_s16le', '-f', 's16le'],
        ],
      },
    ],
  }
}
