/** Decoder configurations that an encoder did not send, from what else it says. */
import type { AmfObject } from '../formats/amf0.ts'
import { encodeAacConfig } from '../formats/flv/aac-config.ts'
import { avcConfigOf } from '../formats/flv/avc-parameter-sets.ts'
import { metadataNumber } from '../formats/flv/script-data.ts'

/** Whether pictures of this codec need a configuration before them. */
export function hasConfiguration(codec: string): boolean {
  return codec === 'avc' || codec === 'hevc' || codec === 'av1' || codec === 'vp9'
}

/** What a picture says of its configuration itself. */
export function configIn(codec: string, picture: Uint8Array): Uint8Array | undefined {
  return codec === 'avc' ? avcConfigOf(picture) : undefined
}

/** AAC whose configuration was never sent is taken for what the metadata says it is. */
export function aacConfigFrom(metadata: AmfObject): Uint8Array | undefined {
  const sampleRate = metadataNumber(metadata, 'audiosamplerate')
  const channels = metadataNumber(metadata, 'audiochannels') ?? (metadata.stereo === false ? 1 : 2)
  return sampleRate === undefined ? undefined : encodeAacConfig(sampleRate, channels)
}
