/**
 * An FLV of VP6, for which no free encoder exists: keyframes whose header is right and whose coefficients
 * are whatever the decoder makes of fixed bytes. Layout of the frame header as in the decoders of FFmpeg
 * and Ruffle; FLV 10.1 §E.4.3 (CodecID 4, one byte of cropping in front).
 */
import { writeFile } from 'node:fs/promises'

const WIDTH_BLOCKS = 10
const HEIGHT_BLOCKS = 8
const FRAMES = 50

/** 160x120 (of 160x128 coded), 25 a second, 2 s, without sound. */
export async function writeVp6(file: string): Promise<void> {
  const tags = [Buffer.from('FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00', 'latin1')]
  for (let frame = 0; frame < FRAMES; frame++) {
    // FrameType 1 (key), CodecID 4; 8 lines are cropped at the bottom.
    const body = Buffer.concat([Buffer.from([0x14, 0x08]), keyframe(frame)])
    const head = Buffer.alloc(11)
    head[0] = 9
    head.writeUIntBE(body.byteLength, 1, 3)
    head.writeUIntBE(frame * 40, 4, 3)
    const size = Buffer.alloc(4)
    size.writeUInt32BE(head.byteLength + body.byteLength)
    tags.push(head, body, size)
  }
  await writeFile(file, Buffer.concat(tags))
}

function keyframe(seed: number): Buffer {
  const coefficients = Buffer.alloc(1200)
  let state = seed + 1
  for (let i = 0; i < coefficients.byteLength; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    coefficients[i] = (state >> 16) & 0xff
  }
  // key:1=0 | quantizer:6 | separated coefficients:1=0; version:5=6 | filter:2=3 | interlaced:1=0; sizes in blocks, coded and shown.
  return Buffer.concat([
    Buffer.from([0x20, (6 << 3) | 0x06, HEIGHT_BLOCKS, WIDTH_BLOCKS, HEIGHT_BLOCKS, WIDTH_BLOCKS]),
    coefficients,
  ])
}
