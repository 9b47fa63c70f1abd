/** Arguments that write text tracks as WebVTT. Pure. */
import type { FfmpegCommand } from './command.ts'
import { ALLOW_LISTS, inputUrl } from './hostile-input.ts'

/** Text tracks of an uploaded file, each into a file of its own. */
export function extractTextTracks(
  inputPath: string,
  tracks: readonly { readonly index: number; readonly outputPath: string }[],
): FfmpegCommand {
  return {
    inputs: [{ url: inputUrl(inputPath), options: [...ALLOW_LISTS, '-vn', '-an'] }],
    outputs: tracks.map(({ index, outputPath }) => ({
      path: outputPath,
      options: ['-map', `0:${index}`, '-map_metadata', '-1', '-c:s', 'webvtt', '-f', 'webvtt'],
    })),
  }
}

/** Closed captions, written by us as Scenarist SCC (captions/scenarist.ts), decoded as a television would. */
export function decodeClosedCaptions(sccPath: string, outputPath: string): FfmpegCommand {
  return {
    inputs: [{ url: inputUrl(sccPath), options: ['-protocol_whitelist', 'file', '-f', 'scc'] }],
    outputs: [{ path: outputPath, options: ['-map', '0:s:0', '-c:s', 'webvtt', '-f', 'webvtt'] }],
  }
}

export interface SpeechSound {
  readonly inputPath: string
  /** An audio stream in it. */
  readonly stream: string
  /** It becomes exactly so long: what follows it keeps its place. */
  readonly seconds: number
}

/** Sounds one after the other, as recognisers of speech want it: one channel, 16 kHz, 16 bits. */
export function extractSpeech(sounds: readonly SpeechSound[], outputPath: string): FfmpegCommand {
  const each = sounds.map(
    ({ stream, seconds }, i) =>
      `[${i}:${stream}]aresample=16000:async=1:first_pts=0,aformat=sample_fmts=s16:channel_layouts=mono,apad=whole_dur=${seconds.toFixed(3)},atrim=end=${seconds.toFixed(3)}[a${i}]`,
  )
  const pads = sounds.map((_, i) => `[a${i}]`).join('')
  return {
    inputs: sounds.map(({ inputPath }) => ({
      url: inputUrl(inputPath),
      options: [...ALLOW_LISTS, '-vn', '-sn'],
    })),
    filterGraph: [...each, `${pads}concat=n=${sounds.length}:v=0:a=1[a]`].join(';'),
    outputs: [
      {
        path: outputPath,
        options: ['-map', '[a]', '-map_metadata', '-1', '-c:a', 'pcm_s16le', '-f', 'wav'],
      },
    ],
  }
}
