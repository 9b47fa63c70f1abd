/**
 * Arguments that encode the sound of one chunk as AAC so that chunks join without a seam. Pure.
 *
 * AAC has frames of 1024 samples, each decoded together with the one before it. All chunks share one
 * grid: frame k covers samples [1024k, 1024k+1024) of the video's clock. A chunk is encoded from a few
 * frames before its first, and one beyond its last; both extras are dropped, so that at the joint both
 * neighbours have seen the same sound.
 *
 *     grid          |k-3|k-2|k-1| k |k+1| … | l |l+1|
 *     encoder eats  ^preroll----^ chunk frames  ^---^ look-ahead
 */
import type { AudioSettings } from '../ladder.ts'
import type { FfmpegCommand } from './command.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'

export const AAC_FRAME = 1024
const PREROLL_FRAMES = 4
const LOOKAHEAD_FRAMES = 2
/** It looks this far ahead, and gives out as much later (af_alimiter, attack). */
const LIMITER_DELAY_SECONDS = 0.005
/** -1.5 dBFS: between samples, and after AAC, it becomes a little more. */
const LIMITER = `alimiter=limit=0.841:attack=${LIMITER_DELAY_SECONDS * 1000}:release=80:level=disabled`

export interface AudioChunk {
  /** Absolute path, and the stream in it. Undefined: silence. */
  readonly input: { readonly path: string; readonly streamIndex: number } | undefined
  readonly settings: AudioSettings
  readonly startSeconds: number
  readonly endSeconds: number
  /** Absolute path of the mp4 to write. */
  readonly outputPath: string
}

export interface AudioChunkPlan {
  readonly command: FfmpegCommand
  /** Where time 0 of the output lies on the video's clock; the encoder's priming lies before it. */
  readonly zeroSeconds: number
}

/** Gaps in the source become silence, its end is padded with silence: the chunk always has all its frames. */
export function encodeAudioChunk(chunk: AudioChunk): AudioChunkPlan {
  const { sampleRate, bitRate, originSeconds, channels, gainDb = 0, limited } = chunk.settings
  const grid = (at: number) => Math.floor((at * sampleRate) / AAC_FRAME)
  const first = Math.max(0, grid(chunk.startSeconds) - PREROLL_FRAMES)
  const fromSample = first * AAC_FRAME
  const samples = (grid(chunk.endSeconds) + LOOKAHEAD_FRAMES - first) * AAC_FRAME
  const origin = Math.round(originSeconds * sampleRate)
  // A whole second is exact at every sample rate and in every container's time base; one more lets decoders settle.
  const seek = Math.max(0, Math.floor((fromSample + origin) / sampleRate) - 1)
  const offset = fromSample + origin - seek * sampleRate
  // The timeline may begin before the file does.
  const silence = Math.max(0, -offset)
  const start = Math.max(0, offset) + (limited ? LIMITER_DELAY_SECONDS * sampleRate : 0)
  const layout = channels === 1 ? 'mono' : 'stereo'
  return {
    command: {
      inputs: chunk.input
        ? [
            {
              url: inputUrl(chunk.input.path),
              options: [...ALLOW_LISTS, '-vn', ...(seek > 0 ? ['-ss', `${seek}`] : [])],
            },
          ]
        : [],
      filterGraph: [
        chunk.input
          ? `[0:${chunk.input.streamIndex}]aresample=${sampleRate}:async=1:first_pts=0:min_hard_comp=0.05`
          : `anullsrc=channel_layout=${layout}:sample_rate=${sampleRate}`,
        // In floating point a mix keeps its level: integers would be turned down by what the worst case needs.
        `aformat=sample_fmts=fltp:channel_layouts=${layout}`,
        ...(gainDb === 0 ? [] : [`volume=${gainDb.toFixed(2)}dB`]),
        ...(silence > 0 ? [`adelay=${Array(channels).fill(`${silence}S`).join('|')}`] : []),
        'apad',
        ...(limited ? [LIMITER] : []),
        `atrim=start_sample=${start}:end_sample=${start + samples}`,
        'asetpts=N/SR/TB[a]',
      ].join(','),
      outputs: [
        {
          path: chunk.outputPath,
          options: [
            '-map',
            '[a]',
            '-map_metadata',
            '-1',
            '-c:a',
            'aac',
            '-b:a',
            `${bitRate}`,
            '-ar',
            `${sampleRate}`,
            '-f',
            'mp4',
          ],
        },
      ],
    },
    zeroSeconds: fromSample / sampleRate,
  }
}
