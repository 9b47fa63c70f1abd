/** Real HLS to play: fMP4 made by ffmpeg once, whose playlists are then shown up to any second. */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface StandInMedia {
  readonly folder: string
  /** Of each segment, in seconds. */
  readonly durations: readonly number[]
}

export const STAND_IN_RENDITIONS = [
  { name: 'original', width: 640, height: 360, bandwidth: 900_000 },
  { name: '180p', width: 320, height: 180, bandwidth: 250_000 },
] as const

/** A clock and a beep, in segments of `segmentSeconds`: original, 180p, audio. */
export async function makeStandInMedia(
  folder: string,
  seconds: number,
  segmentSeconds = 2,
): Promise<StandInMedia> {
  const gop = String(segmentSeconds * 25)
  await run(
    'ffmpeg',
    [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=640x360:rate=25:duration=${seconds}`,
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=440:beep_factor=2:duration=${seconds}`,
      '-filter_complex',
      '[0:v]split[a][b];[b]scale=320:180[small]',
      '-map',
      '[a]',
      '-map',
      '[small]',
      '-map',
      '1:a',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
      '-g',
      gop,
      '-keyint_min',
      gop,
      '-sc_threshold',
      '0',
      '-c:a',
      'aac',
      '-b:a',
      '64k',
      '-f',
      'hls',
      '-hls_time',
      String(segmentSeconds),
      '-hls_segment_type',
      'fmp4',
      '-hls_playlist_type',
      'vod',
      '-hls_fmp4_init_filename',
      'init.mp4',
      '-hls_segment_filename',
      '%v/%d.m4s',
      '-var_stream_map',
      'v:0,name:original v:1,name:180p a:0,name:audio',
      '%v/index.m3u8',
    ],
    { cwd: folder },
  ).catch((error: unknown) => {
    throw new Error(
      'ffmpeg could not make the stand-in media. Is ffmpeg with libx264 installed (apt-get install ffmpeg)?',
      { cause: error },
    )
  })
  const list = await readFile(path.join(folder, 'original/index.m3u8'), 'utf8')
  const durations = [...list.matchAll(/#EXTINF:([\d.]+)/g)].map((match) => Number(match[1]))
  if (durations.length === 0)
    throw new Error(`no segments in ${folder}: ${(await readdir(folder)).join(', ')}`)
  return { folder, durations }
}

/** The media playlist with what is there after `seconds`: an EVENT playlist that grows, with its end when `ended`. */
export function mediaPlaylist(
  { durations }: StandInMedia,
  init: string,
  seconds: number,
  ended: boolean,
): string {
  let end = 0
  const segments: string[] = []
  for (const [number, duration] of durations.entries()) {
    end += duration
    if (!ended && end > seconds) break
    segments.push(`#EXTINF:${duration.toFixed(6)},\n${number}.m4s`)
  }
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.ceil(Math.max(...durations))}`,
    '#EXT-X-PLAYLIST-TYPE:EVENT',
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-MAP:URI="${init}"`,
    ...segments,
    ...(ended ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n')
}

export function multivariantPlaylist(renditions: readonly (typeof STAND_IN_RENDITIONS)[number][]): string {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,URI="audio/index.m3u8"',
    ...renditions.map(
      ({ name, width, height, bandwidth }) =>
        `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${width}x${height},FRAME-RATE=25.000,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="audio"\n${name}/index.m3u8`,
    ),
    '',
  ].join('\n')
}
