import { expect, it } from 'vitest'
import { requireEncoders } from '../../../src/pipeline/rendition-codecs.ts'

it('codecs that this ffmpeg does not encode are refused at start, in words', () => {
  const encoders = new Set(['libx264', 'libx265', 'aac'])
  expect(() => requireEncoders(['h264', 'hevc'], encoders)).not.toThrow()
  expect(() => requireEncoders(['h264', 'av1'], encoders)).toThrow(
    'RENDITION_CODECS asks for av1, and this ffmpeg was built without libaom-av1',
  )
})
