/** Whatever the recording, salvage and packaging read from a message, read from each: none of it may throw. */
import { readMetadata } from '../../../src/formats/flv/script-data.ts'
import { readStanding } from '../../../src/formats/flv/standing-message.ts'
import {
  encodeTag,
  readTagHeader,
  SCRIPT_TAG,
  TAG_OVERHEAD_BYTES,
} from '../../../src/formats/flv/tag-header.ts'
import { joinParts } from '../../../src/formats/rtmp/message.ts'
import type { MediaMessage } from '../../../src/ingest/media-message.ts'
import { LogPackets } from '../../../src/packaging/log-packets.ts'
import { isContinuedMark, PartHead } from '../../../src/recording/part-head.ts'

export class MessageReaders {
  readonly #head = new PartHead()
  readonly #packets = new LogPackets({ onLeftOut: () => {} })
  #offset = 13

  read(message: MediaMessage): void {
    const body = Buffer.from(joinParts(message.parts, message.byteLength))
    this.#tag(message, body)
    if (this.#head.observe(message) === 'changed') this.#part(message)
    const readable = message.type === SCRIPT_TAG ? undefined : readStanding(message.type, body)
    if (readable && readable.key === '') throw new Error('a standing message without a key')
    if (message.type === SCRIPT_TAG) {
      readMetadata(body)
      isContinuedMark(body)
    }
  }

  /** A new part begins: its head has to be one that is understood again. */
  #part({ timestampMs }: MediaMessage): void {
    for (const header of this.#head.messages(timestampMs)) {
      const body = joinParts(header.parts, header.byteLength)
      if (header.type !== SCRIPT_TAG && !readStanding(header.type, body))
        throw new Error('a part begins with a frame')
      if (header.type === SCRIPT_TAG && !isContinuedMark(body) && !readMetadata(body))
        throw new Error('a part begins with data that is no metadata')
    }
  }

  #tag({ type, timestampMs }: MediaMessage, body: Buffer): void {
    const tag = encodeTag(type, timestampMs, body)
    const header = readTagHeader(tag, 0)
    if (header?.type !== type || header.bodyBytes !== body.byteLength || header.timestampMs !== timestampMs)
      throw new Error('a tag reads back as another')
    const offset = this.#offset
    this.#offset += body.byteLength + TAG_OVERHEAD_BYTES
    this.#packets.push({ type, timestampMs, body, offset, end: this.#offset }, 0)
  }
}
