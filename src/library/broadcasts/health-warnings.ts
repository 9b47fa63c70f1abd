/**
 * What is wrong with what an encoder sends, in words its owner can act on: what is seen, what to change, and
 * where in OBS. The worst first; nothing that follows from another is said beside it.
 */
import type { ReceivedMedia } from './stream-health.ts'

const LONG_KEYFRAME_MS = 4500
const SHORT_KEYFRAME_MS = 700
/** Long enough that both kinds must have arrived. */
const SETTLED_MS = 5000
const SILENT_MS = 3000
const MAX_BITS_PER_SECOND = 60_000_000
const MISSING_SHARE = 0.03
const LATE_SHARE = 0.05
/** An encoder in step with its clock is within a percent; a burst after a hold-up is above 1. */
const SLOW_PACE = 0.93
const LOW_FRAME_RATE = 14
/** Of what is announced. */
const RATE_SHARE = 0.8
const SKEW_MS = 400
const DRIFT_PPM = 3000
const FAR_MS = 600

const BITRATE = 'lower the video bitrate (OBS: Settings, Output, Streaming, Video Bitrate)'

type Rule = (media: ReceivedMedia) => string | undefined

const nothingArrives: Rule = ({ signal, connectedMs }) =>
  connectedMs > SETTLED_MS && signal.silentMs > SILENT_MS
    ? `Nothing arrives for ${Math.round(signal.silentMs / 1000)} s: the connection may be lost. Check the network between your encoder and the server.`
    : undefined

const noPicture: Rule = ({ signal: { pictureSilentMs }, connectedMs }) =>
  connectedMs > SETTLED_MS && (pictureSilentMs === undefined || pictureSilentMs > SETTLED_MS)
    ? 'No picture arrives: check the video source and the video encoder (OBS: Sources; Settings, Output, Streaming).'
    : undefined

const noSound: Rule = ({ signal: { soundSilentMs }, connectedMs }) =>
  connectedMs > SETTLED_MS && (soundSilentMs === undefined || soundSilentMs > SETTLED_MS)
    ? 'No sound arrives: check the audio source (OBS: Audio Mixer; Settings, Audio, Global Audio Devices).'
    : undefined

const longKeyframes: Rule = ({ signal: { keyframeMs, format }, videoFrames, connectedMs }) => {
  const advice = 'set the keyframe interval to 2 s (OBS: Settings, Output, Streaming, Keyframe Interval)'
  if (keyframeMs !== undefined && keyframeMs > LONG_KEYFRAME_MS)
    return `Keyframes every ${seconds(keyframeMs)}: ${advice}, so that viewers join and seek quickly.`
  if (keyframeMs === undefined && videoFrames > 0 && connectedMs > SETTLED_MS)
    return `No second keyframe has come yet: ${advice}.`
  // Codecs of which every picture is a keyframe are meant so.
  return keyframeMs !== undefined && keyframeMs < SHORT_KEYFRAME_MS && format.videoCodec !== 'jpeg'
    ? `Keyframes every ${seconds(keyframeMs)} cost quality: ${advice}.`
    : undefined
}

const fallsBehind: Rule = ({ signal: { pace, pictureSilentMs = 0 } }) =>
  pace !== undefined && pace < SLOW_PACE && pictureSilentMs <= SILENT_MS
    ? `Only ${pace.toFixed(2)} s of your stream arrive each second, so viewers fall behind. If your encoder reports dropped frames, ${BITRATE}; if it reports a high CPU load, choose a faster encoder preset.`
    : undefined

const late: Rule = ({ signal: { lateShare, worstLateMs }, bitsPerSecond }) =>
  lateShare > LATE_SHARE
    ? `Frames arrive up to ${seconds(worstLateMs)} late: your network does not carry ${megabits(bitsPerSecond)} evenly. Use a cable instead of Wi-Fi, or ${BITRATE}.`
    : undefined

const missing: Rule = ({ signal: { missingShare } }) =>
  missingShare > MISSING_SHARE
    ? `${Math.round(missingShare * 100)} % of the frames are missing: your encoder drops them. If it reports dropped frames (network), ${BITRATE}; if it reports skipped or lagged frames, choose a faster preset or a lower resolution.`
    : undefined

const lowFrameRate: Rule = ({ signal: { frameRate, format }, videoFrames, connectedMs }) => {
  if (frameRate === undefined || videoFrames === 0 || connectedMs < SETTLED_MS || frameRate === 0)
    return undefined
  const { announcedFrameRate: announced } = format
  const advice = '(OBS: Settings, Video, Common FPS Values)'
  if (announced !== undefined && frameRate < announced * RATE_SHARE)
    return `${rate(frameRate)} frames a second arrive where ${rate(announced)} are announced: lower the frame rate ${advice} or the load of your computer.`
  return frameRate < LOW_FRAME_RATE
    ? `Only ${rate(frameRate)} frames a second arrive, and motion looks jerky: set 30 or more ${advice}.`
    : undefined
}

const skew: Rule = ({ signal: { avSkewMs } }) =>
  avSkewMs !== undefined && Math.abs(avSkewMs) > SKEW_MS
    ? `The sound is ${seconds(Math.abs(avSkewMs))} ${avSkewMs > 0 ? 'ahead of' : 'behind'} the picture: correct its Sync Offset (OBS: Edit, Advanced Audio Properties).`
    : undefined

const drift: Rule = ({ signal: { driftPpm } }) =>
  driftPpm !== undefined && Math.abs(driftPpm) > DRIFT_PPM
    ? `Your encoder's clock is ${driftPpm > 0 ? 'slow' : 'fast'} by ${seconds((Math.abs(driftPpm) / 1000) * 60)} a minute, so sound and picture may come apart: use one sample rate for all devices (OBS: Settings, Audio, Sample Rate), and let the computer set its clock from the network.`
    : undefined

const tooMuch: Rule = ({ bitsPerSecond }) =>
  bitsPerSecond > MAX_BITS_PER_SECOND
    ? `You send ${megabits(bitsPerSecond)}, which many viewers cannot receive: ${BITRATE}.`
    : undefined

const farAway: Rule = ({ roundTripMs }) =>
  roundTripMs !== undefined && roundTripMs > FAR_MS
    ? `The way to the server and back takes ${seconds(roundTripMs)}: a network that is this slow may not carry the stream.`
    : undefined

/** For people; none when all is well. */
export function healthWarnings(media: ReceivedMedia): string[] {
  const silence = nothingArrives(media)
  if (silence !== undefined) return [silence]
  const behind = fallsBehind(media) ?? missing(media) ?? late(media)
  const rules = [
    noPicture,
    noSound,
    longKeyframes,
    ...(behind ? [] : [lowFrameRate, drift]),
    skew,
    tooMuch,
    farAway,
  ]
  const words = rules.map((rule) => rule(media))
  return [behind, ...words].filter((warning) => warning !== undefined)
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`
const rate = (framesPerSecond: number) => String(Math.round(framesPerSecond * 100) / 100)
const megabits = (bitsPerSecond: number) => `${Math.round(bitsPerSecond / 100_000) / 10} Mbit/s`
