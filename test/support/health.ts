/** An encoder that does well: 720p30 at 2.5 Mbit/s. */
import type { Health } from '../../src/delivery/contract/broadcasts.ts'

export function makeHealth(part: Partial<Health> = {}): Health {
  return {
    encoder: 'obs-output module (libobs version 29.0.2)',
    videoCodec: 'avc1.64001f',
    audioCodec: 'mp4a.40.2',
    width: 1280,
    height: 720,
    sampleRate: 48_000,
    channels: 2,
    frameRate: 30,
    announcedFrameRate: 30,
    bitsPerSecond: 2_512_000,
    keyframeSeconds: 2.0021,
    missingFrames: 0,
    lateFrames: 0,
    pace: 1,
    avSkewMs: 12,
    clockDriftPpm: 20,
    roundTripMs: 31,
    warnings: [],
    ...part,
  }
}
