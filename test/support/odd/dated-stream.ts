/**
 * A real stream whose clocks can be bent: every message keeps beside the timestamp it is sent with the
 * time it truly has, so that a test can say where it must come out.
 */
import { AUDIO, DATA, type MediaMessage, VIDEO } from '../../../src/ingest/media-message.ts'
import { ffmpeg } from '../ffmpeg.ts'
import { messagesOf } from '../packaged-video.ts'

export interface Dated {
  readonly message: MediaMessage
  /** When it happened, milliseconds from the beginning of the stream; decode time for pictures. */
  readonly trueMs: number
}
export type DatedStream = readonly Dated[]

export interface StreamMake {
  readonly seconds: number
  readonly rate?: number
  readonly size?: string
  /** Pictures from keyframe to keyframe. */
  readonly gop?: number
  readonly sampleRate?: number
  readonly channels?: number
  readonly only?: 'audio' | 'video'
  /** Further arguments of x264. */
  readonly x264?: readonly string[]
}

/** B-frames, a keyframe a second unless told otherwise, AAC; every picture differs from every other. */
export async function makeStream(file: string, make: StreamMake): Promise<DatedStream> {
  const { seconds, rate = 25, size = '160x90', gop = rate, sampleRate = 48_000, channels = 1 } = make
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`]
  // Noise: every frame of sound has bytes of its own.
  const sound = ['-f', 'lavfi', '-i', `anoisesrc=a=0.2:seed=7:r=${sampleRate}:d=${seconds}`]
  await ffmpeg(
    ...(make.only === 'audio' ? [] : pictures),
    ...(make.only === 'video' ? [] : sound),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-b_strategy', '0', '-pix_fmt', 'yuv420p'],
    ...['-g', `${gop}`, '-keyint_min', `${gop}`, '-sc_threshold', '0', ...(make.x264 ?? [])],
    ...['-c:a', 'aac', '-b:a', '48k', '-ac', `${channels}`, '-t', `${seconds}`, file],
  )
  const messages = await messagesOf(file)
  // The end-of-sequence tag that ffmpeg adds is no picture.
  const sent = messages.filter(({ type, parts }) => type !== VIDEO || parts[0]?.[1] !== 2)
  return sent.map((message) => ({ message, trueMs: message.timestampMs }))
}

/** Whether a message is a picture or a sound, and no configuration. */
export function isMedia({ message }: Dated): boolean {
  return message.type !== DATA && message.parts[0]?.[1] !== 0
}
export const isVideo = ({ message }: Dated): boolean => message.type === VIDEO
export const isAudio = ({ message }: Dated): boolean => message.type === AUDIO

/** Sends every message with the timestamp that `bend` says, on the circle of 32 bits. */
export function bent(stream: DatedStream, bend: (one: Dated) => number): DatedStream {
  return stream.map((one) => ({
    ...one,
    message: { ...one.message, timestampMs: Math.round(bend(one)) >>> 0 },
  }))
}

/** The same later, on its true clock and on the one it is sent with. */
export function later(stream: DatedStream, ms: number): DatedStream {
  return bent(stream, ({ message }) => message.timestampMs + ms).map((one) => ({
    ...one,
    trueMs: one.trueMs + ms,
  }))
}

/** In the order in which an encoder that does not bend anything would send them. */
export function byTrueTime(...streams: readonly DatedStream[]): DatedStream {
  return streams.flat().sort((a, b) => a.trueMs - b.trueMs)
}

export function timed(message: MediaMessage, trueMs: number): Dated {
  return { message: { ...message, timestampMs: trueMs }, trueMs }
}
