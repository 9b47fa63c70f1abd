/** Our fragments beside mediabunny's: the same bytes, and where they differ, what its reader finds in them. */
import fc from 'fast-check'
import {
  ALL_FORMATS,
  BufferSource,
  BufferTarget,
  CmafOutputFormat,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  NullTarget,
  Output,
} from 'mediabunny'
import { describe, expect, it } from 'vitest'
import { encodeFragmentHead } from '../../../src/packaging/fragment.ts'
import { adjustFragment } from '../../../src/packaging/fragment-boxes.ts'
import {
  type MuxAudioTrack,
  type MuxPacket,
  type MuxVideoTrack,
  muxInit,
  muxSegment,
} from '../../../src/packaging/segment-muxer.ts'

const VIDEO: MuxVideoTrack = {
  kind: 'video',
  codec: 'avc',
  codecString: 'avc1.64001f',
  width: 320,
  height: 180,
  displayWidth: 320,
  displayHeight: 180,
  timescale: 90_000,
  description: Uint8Array.of(1, 100, 0, 31, 255, 225, 0, 0, 1, 0, 0),
}
const AUDIO: MuxAudioTrack = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  channels: 2,
  sampleRate: 44_100,
  description: Uint8Array.of(0x12, 0x10),
}

async function muxedByLibrary(
  track: MuxVideoTrack | MuxAudioTrack,
  packets: readonly MuxPacket[],
  options: { readonly sequence: number; readonly delayTicks: number },
): Promise<Buffer> {
  const target = new BufferTarget()
  const output = new Output({ format: new CmafOutputFormat(), target, initTarget: new NullTarget() })
  const source =
    track.kind === 'video'
      ? new EncodedVideoPacketSource(track.codec)
      : new EncodedAudioPacketSource(track.codec)
  if (source instanceof EncodedVideoPacketSource) output.addVideoTrack(source, { frameRate: 90_000 })
  else output.addAudioTrack(source)
  await output.start()
  for (const { data, key, seconds, duration } of packets) {
    const packet = new EncodedPacket(data, key ? 'key' : 'delta', seconds, duration)
    await source.add(packet, {
      decoderConfig: {
        codec: track.codecString,
        ...(track.kind === 'video'
          ? { codedWidth: track.width, codedHeight: track.height }
          : { numberOfChannels: track.channels, sampleRate: track.sampleRate }),
        ...(track.description ? { description: track.description } : {}),
      } as VideoDecoderConfig & AudioDecoderConfig,
    })
  }
  await output.finalize()
  return Buffer.from(
    adjustFragment(new Uint8Array(target.buffer ?? new ArrayBuffer()), options.sequence, options.delayTicks),
  )
}

const payload = fc.uint8Array({ minLength: 0, maxLength: 5 })
/** Steps of decoding, and how much later each picture is shown. */
const pictures = fc.record({
  startMs: fc.integer({ min: -200, max: 20_000_000 }),
  frames: fc.array(
    fc.record({
      stepMs: fc.integer({ min: 0, max: 100 }),
      laterMs: fc.constantFrom(0, 0, 33, 67, 100),
      data: payload,
    }),
    { minLength: 1, maxLength: 70 },
  ),
  lastMs: fc.integer({ min: 0, max: 5000 }),
})

const videoPackets = pictures.map(({ startMs, frames, lastMs }): MuxPacket[] => {
  let at = startMs
  return frames.map(({ stepMs, laterMs, data }, index) => {
    at += index === 0 ? 0 : stepMs
    return { data, seconds: (at + laterMs) / 1000, duration: lastMs / 1000, key: index === 0 }
  })
})
const audioPackets = fc
  .record({
    startSamples: fc.integer({ min: -2048, max: 2 ** 40 }),
    frames: fc.array(payload, { minLength: 1, maxLength: 100 }),
  })
  .map(({ startSamples, frames }): MuxPacket[] =>
    frames.map((data, index) => ({
      data,
      seconds: (startSamples + index * 1024) / 44_100,
      duration: 1024 / 44_100,
      key: true,
    })),
  )
const sequence = fc.integer({ min: 1, max: 2 ** 32 - 1 })

const whole = (packets: readonly MuxPacket[], timescale: number, number: number, delayTicks: number) =>
  Buffer.concat([
    encodeFragmentHead(packets, { timescale, sequence: number, delayTicks }),
    ...packets.map(({ data }) => data),
  ])

describe('a fragment', () => {
  it('of pictures is what mediabunny makes of them, to the byte', async () => {
    const delays = fc.constantFrom(0, 3000, 9000)
    await fc.assert(
      fc.asyncProperty(videoPackets, sequence, delays, async (packets, number, delayTicks) => {
        const theirs = await muxedByLibrary(VIDEO, packets, { sequence: number, delayTicks })
        expect(whole(packets, 90_000, number, delayTicks)).toEqual(theirs)
      }),
      { numRuns: 150 },
    )
  })

  it('of sound likewise', async () => {
    await fc.assert(
      fc.asyncProperty(audioPackets, sequence, async (packets, number) => {
        const theirs = await muxedByLibrary(AUDIO, packets, { sequence: number, delayTicks: 0 })
        expect(whole(packets, 44_100, number, 0)).toEqual(theirs)
      }),
      { numRuns: 100 },
    )
  })

  it('says of every keyframe that it is one, wherever it stands', async () => {
    const keys = [0, 3, 4, 7]
    const packets = Array.from({ length: 9 }, (_, index) => ({
      data: Uint8Array.of(0, 0, 0, 2, keys.includes(index) ? 0x65 : 0x41, index),
      seconds: 5 + index / 10,
      duration: 0.1,
      key: keys.includes(index),
    }))
    using input = new Input({
      source: new BufferSource(
        Buffer.concat([await muxInit(VIDEO), ...(await muxSegment(VIDEO, 7, packets, 0))]),
      ),
      formats: ALL_FORMATS,
    })
    const track = await input.getPrimaryVideoTrack()
    if (!track) throw new Error('no track')
    const found = []
    for await (const packet of new EncodedPacketSink(track).packets()) found.push(packet)
    expect(found.map(({ type }) => type)).toEqual(packets.map(({ key }) => (key ? 'key' : 'delta')))
    expect(found.map(({ data }) => [...data])).toEqual(packets.map(({ data }) => [...data]))
    expect(found.map(({ timestamp }) => Math.round(timestamp * 1000))).toEqual(
      packets.map(({ seconds }) => Math.round(seconds * 1000)),
    )
  })

  it('cannot hold what lasts less than nothing', () => {
    const packet = { data: Uint8Array.of(1), seconds: 0, duration: -1, key: true }
    expect(() => encodeFragmentHead([packet], { timescale: 90_000, sequence: 1, delayTicks: 0 })).toThrow(
      RangeError,
    )
  })
})
