/**
 * Arguments that encode one chunk of video into all wanted rungs: decoded once, split, scaled, encoded.
 * Pure. Chunks made by separate processes join without a seam because every one of them begins with an
 * IDR frame, has fixed parameters, no scene-cut keyframes and no open GOP, and is placed afterwards by
 * the timeline, not by its own timestamps.
 */
import { type FrameRate, fps } from '../chunk-plan.ts'
import type { Rung } from '../ladder.ts'
import type { FfmpegCommand, FfmpegDialect } from './command.ts'
import {
  deviceOptions,
  encoderOptions,
  type HardwareEncoder,
  type RungEncoder,
  SOFTWARE,
  uploadFilter,
} from './encoder-argv.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'
import { leaveOutFrames } from './leave-out-frames.ts'

/** How the decoded pictures look; decides what is converted. */
export interface Picture {
  /** As displayed. */
  readonly width: number
  readonly height: number
  /** ffmpeg's names; empty when the stream does not say. The last two matter for HDR alone. */
  readonly matrix: string
  readonly transfer?: string
  readonly primaries?: string
}

interface Target {
  readonly rungs: readonly Rung[]
  /** Absolute path of the fragmented mp4 to write for a rung. */
  readonly outputOf: (rung: Rung) => string
  readonly threads: number
  readonly dialect: FfmpegDialect
  /** Absent: software. */
  readonly encoderOf?: (rung: Rung) => RungEncoder
  /** For the encoder's configuration, which the first frame shows. */
  readonly firstFrameOnly?: boolean
}

export interface MeasuredChunk extends Target {
  /** Absolute path: the chunk's segments of the original as one mp4 that begins at 0 (packaging/chunk-input.ts). */
  readonly inputPath: string
  readonly picture: Picture
  /** Starts of the chunk's segments, seconds from the beginning of the input. */
  readonly boundaries: readonly number[]
  /** Where the chunk ends when the input goes beyond it. */
  readonly cutAt?: number
  /** Frames shown in each segment; needed where rungs leave some out. */
  readonly segmentFrames?: readonly number[]
}

/** Every frame of the input that the rungs have, at its own time, a keyframe at each boundary. */
export function encodeMeasuredChunk(chunk: MeasuredChunk): FfmpegCommand {
  const cut = chunk.cutAt === undefined ? [] : [`trim=end=${seconds(chunk.cutAt - EARLY)}`]
  const options = [...devices(chunk), '-threads', `${chunk.threads}`, ...ALLOW_LISTS]
  return {
    inputs: [{ url: inputUrl(chunk.inputPath), options }],
    filterGraph: filterGraph('[0:v:0]', [...cut, ...leaveOutFrames(chunk)], chunk),
    outputs: outputs(chunk, chunk.boundaries, ['-enc_time_base', '-1']),
  }
}

export interface PlannedChunk extends Target {
  /** Absolute path of the upload. */
  readonly inputPath: string
  /** Index of the video stream in the file. */
  readonly streamIndex: number
  readonly picture: Picture
  readonly interlaced: boolean
  readonly hdr: boolean
  readonly rate: FrameRate
  /** First frame of the chunk on the planned timeline, and frames in each of its segments. */
  readonly firstFrame: number
  readonly segmentFrames: readonly number[]
  /** Decode this long before the chunk: where a seek lands depends on the container. */
  readonly prerollSeconds: number
}

/**
 * A constant frame rate, each frame the last one the source showed at that time; exactly as many frames
 * as planned: what is missing at either end is filled by repeating the nearest frame.
 */
export function encodePlannedChunk(chunk: PlannedChunk): FfmpegCommand {
  const { rate } = chunk
  const prerollFrames = Math.min(chunk.firstFrame, Math.ceil(chunk.prerollSeconds * fps(rate)))
  const at = (frame: number) => (frame * rate.den) / rate.num
  const seek = at(chunk.firstFrame - prerollFrames)
  const total = chunk.segmentFrames.reduce((sum, frames) => sum + frames, 0)
  let frame = 0
  const boundaries = chunk.segmentFrames.map((frames) => {
    const start = at(frame + prerollFrames)
    frame += frames
    return start
  })
  return {
    inputs: [
      {
        url: inputUrl(chunk.inputPath),
        // Not accurate: frames before the chunk are wanted, one of them may still be shown when it begins.
        options: [
          ...devices(chunk),
          '-threads',
          `${chunk.threads}`,
          ...ALLOW_LISTS,
          ...(seek > 0 ? ['-noaccurate_seek', '-ss', seconds(seek)] : []),
        ],
      },
    ],
    filterGraph: filterGraph(
      `[0:${chunk.streamIndex}]`,
      [
        ...(chunk.interlaced ? ['yadif=deint=interlaced'] : []),
        // The last picture is held first and looked for then: it may have come long before the chunk begins.
        `fps=${rate.num}/${rate.den}`,
        'tpad=stop=-1:stop_mode=clone',
        `fps=${rate.num}/${rate.den}:start_time=${seconds(at(prerollFrames))}`,
        `trim=end_frame=${total}`,
        ...(chunk.hdr && chunk.dialect.toneMapping ? [toneMap(chunk.picture)] : []),
      ],
      chunk.hdr && chunk.dialect.toneMapping
        ? { ...chunk, picture: { ...chunk.picture, matrix: 'bt709' } }
        : chunk,
    ),
    outputs: outputs(chunk, boundaries, []),
  }
}

/** Black frames where nothing of the source could be decoded, so that the rest of the video keeps its place. */
export function encodeFiller(chunk: Omit<PlannedChunk, 'inputPath' | 'streamIndex'>): FfmpegCommand {
  const { rate } = chunk
  const total = chunk.segmentFrames.reduce((sum, frames) => sum + frames, 0)
  let frame = 0
  const boundaries = chunk.segmentFrames.map((frames) => {
    const start = (frame * rate.den) / rate.num
    frame += frames
    return start
  })
  const size = chunk.rungs[0]
  const black = `color=black:size=${size?.width ?? 16}x${size?.height ?? 16}:rate=${rate.num}/${rate.den}`
  return {
    inputs: [],
    filterGraph: filterGraph('', [black, `trim=end_frame=${total}`], {
      ...chunk,
      picture: { ...chunk.picture, matrix: 'bt709' },
    }),
    outputs: outputs(chunk, boundaries, []),
  }
}

/** Forced keyframes and trims are asked for this much early, so that rounding to a time base misses no frame. */
const EARLY = 0.002

/**
 * HDR to SDR. Diffuse white is 203 cd/m² in HDR10 and in HLG (ITU-R BT.2408-7 §2.2) and becomes nearly the
 * white of SDR, so that what is no brighter keeps its contrast; only highlights are bent into what is left
 * above (docs/decisions has the figures). What a stream does not say of its colours is as HDR10 has it.
 */
export function toneMap({ transfer, primaries, matrix }: Picture): string {
  const says = `setparams=color_primaries=${primaries || 'bt2020'}:color_trc=${transfer || 'smpte2084'}:colorspace=${matrix || 'bt2020nc'}`
  return `${says},zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius:param=0.5:desat=0:peak=10,zscale=t=bt709:m=bt709:r=tv,format=yuv420p`
}

function filterGraph(
  pad: string,
  head: readonly string[],
  chunk: Target & { readonly picture: Picture },
): string {
  const { rungs, picture } = chunk
  const names = rungs.map((_, i) => `[s${i}]`).join('')
  const first = `${pad}${[...head, `split=${rungs.length}`].join(',')}${names}`
  return [
    first,
    ...rungs.map(
      (rung, i) => `[s${i}]${scaleTo(rung, picture)}${uploadFilter(encoderOf(chunk, rung))}[v${i}]`,
    ),
  ].join(';')
}

function encoderOf(target: Target, rung: Rung): RungEncoder {
  return target.encoderOf?.(rung) ?? SOFTWARE
}

/** One device serves all rungs that are encoded by hardware. */
function devices(target: Target): readonly string[] {
  const used = target.rungs.flatMap((rung): HardwareEncoder[] => {
    const encoder = encoderOf(target, rung)
    return encoder.by === 'hardware' ? [encoder.hardware] : []
  })
  return deviceOptions(used[0])
}

/**
 * To the rung's exact size in BT.709. A source whose shape changed on the way is fitted with bars.
 * Without a stated matrix, size decides, as in players: HD is BT.709, SD is BT.601.
 */
function scaleTo(rung: Rung, picture: Picture): string {
  const matrix = picture.matrix || (picture.height >= 720 || picture.width >= 1280 ? 'bt709' : 'smpte170m')
  const input = SCALE_MATRIX[matrix]
  const from = input ? `:in_color_matrix=${input}` : ''
  const ratio = Math.min(rung.width / picture.width, rung.height / picture.height)
  const near = Math.abs((picture.width * rung.height) / (picture.height * rung.width) - 1) < 0.03
  const width = near ? rung.width : Math.max(2, Math.floor((picture.width * ratio) / 2) * 2)
  const height = near ? rung.height : Math.max(2, Math.floor((picture.height * ratio) / 2) * 2)
  const bars = near ? '' : `,pad=${rung.width}:${rung.height}:(ow-iw)/2:(oh-ih)/2`
  return `scale=${width}:${height}:flags=bicubic${from}:out_color_matrix=bt709:out_range=tv,format=yuv420p${bars},setsar=1`
}

/** Names of ffprobe's color_space to those the scale filter takes. */
const SCALE_MATRIX: Readonly<Record<string, string>> = {
  bt709: 'bt709',
  smpte170m: 'smpte170m',
  bt470bg: 'bt470',
  smpte240m: 'smpte240m',
  fcc: 'fcc',
  bt2020nc: 'bt2020',
  bt2020_ncl: 'bt2020',
}

function outputs(
  target: Target,
  boundaries: readonly number[],
  timing: readonly string[],
): FfmpegCommand['outputs'] {
  const keyframes = boundaries.map((at) => seconds(Math.max(0, at - EARLY))).join(',')
  return target.rungs.map((rung, i) => ({
    path: target.outputOf(rung),
    options: [
      ...['-map', `[v${i}]`, '-map_metadata', '-1', '-map_chapters', '-1'],
      ...encoderOptions(rung, encoderOf(target, rung), target.threads),
      ...['-force_key_frames', keyframes],
      ...(target.firstFrameOnly ? ['-frames:v', '1'] : []),
      ...target.dialect.passthrough,
      ...timing,
      ...[
        '-video_track_timescale',
        '90000',
        '-movflags',
        '+frag_keyframe+empty_moov+default_base_moof',
        '-f',
        'mp4',
      ],
    ],
  }))
}

/** Microseconds are what ffmpeg keeps of a time. */
function seconds(value: number): string {
  return Math.max(0, value).toFixed(6)
}
