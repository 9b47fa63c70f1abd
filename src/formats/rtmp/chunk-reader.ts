/**
 * Chunks in, messages out. Give it a read of the socket with `push`, then call `next` until it
 * returns undefined; only then push again. It is pulled so that a caller who must wait in the middle
 * of a read (a publish waits for the gate) can go on later where it stopped.
 *
 * Set Chunk Size and Abort Message concern chunks only: they are obeyed here and not handed out.
 * Spec: RTMP 1.0 (21 Dec 2012) §5.3, §5.4.1, §5.4.2. Throws MalformedError; the connection is then
 * beyond repair, since chunks have no mark to find the next one by.
 */
import { ByteReader } from '../bytes/byte-reader.ts'
import { MalformedError } from '../bytes/malformed-error.ts'
import { readBasicHeader, readMessageHeader } from './chunk-header.ts'
import { DEFAULT_CHUNK_BYTES } from './chunk-writer.ts'
import { joinParts, MESSAGE_TYPE, maxBodyBytes, type RtmpMessage } from './message.ts'
import { MessageBody } from './message-body.ts'

/** Larger sizes are legal and mean the same: no message is longer. §5.4.1 */
const MAX_CHUNK_BYTES = 0xffffff
const MAX_CHUNK_STREAMS = 64
/** Received parts of unfinished messages, all chunk streams together: one large video message and room for the rest. */
const MAX_UNFINISHED_MEDIA_BYTES = 20 * 1024 * 1024
const MAX_UNFINISHED_BYTES = 256 * 1024
const MAX_KEPT_BYTES = 1024 * 1024

interface ChunkStream {
  timestampMs: number
  /** What a format 3 chunk that begins a message adds: the last timestamp field, absolute or not. §5.3.1.2.4 */
  time: number
  extended: boolean
  byteLength: number
  type: number
  streamId: number
  /** A message has begun and is not complete. */
  open: boolean
  body: MessageBody
}

export class ChunkReader {
  readonly #streams = new Map<number, ChunkStream>()
  #reader = new ByteReader(new Uint8Array(0))
  #chunkBytes = DEFAULT_CHUNK_BYTES
  /** The chunk whose payload is being read, and how much of it is to come. */
  #current: ChunkStream | undefined
  #chunkRemaining = 0
  #unfinishedBytes = 0
  #media = false

  /** From now on large messages may come. Until then a connection costs little memory. */
  allowMedia(): void {
    this.#media = true
  }

  push(data: Uint8Array): void {
    const left = this.#reader.remaining
    // At most a header's beginning is left, when `next` was called to the end.
    const bytes = left === 0 ? data : Buffer.concat([this.#reader.readBytes(left), data])
    this.#reader = new ByteReader(bytes)
  }

  /** Undefined: every message of what was pushed has been handed out. */
  next(): RtmpMessage | undefined {
    for (;;) {
      const stream = this.#current ?? this.#readHeader()
      if (stream) this.#readPayload(stream)
      if (!stream || this.#chunkRemaining > 0) {
        this.#letGo()
        return undefined
      }
      this.#current = undefined
      if (stream.body.received < stream.byteLength) continue
      const message = this.#finish(stream)
      if (message.type === MESSAGE_TYPE.setChunkSize) this.#setChunkBytes(message)
      else if (message.type === MESSAGE_TYPE.abort) this.#abort(message)
      else return message
    }
  }

  #readHeader(): ChunkStream | undefined {
    const reader = this.#reader
    const start = reader.offset
    const basic = readBasicHeader(reader)
    if (!basic) return undefined
    const known = this.#streams.get(basic.csid)
    if (basic.format === 3) {
      if (!known) throw new MalformedError(`chunk stream ${basic.csid} begins without a message header`)
      if (!this.#repeatExtended(known)) {
        reader.offset = start
        return undefined
      }
      if (!known.open) this.#begin(known, (known.timestampMs + known.time) >>> 0)
      return this.#beginChunk(known)
    }
    const header = readMessageHeader(reader, basic.format)
    if (!header) {
      reader.offset = start
      return undefined
    }
    if (known?.open) throw new MalformedError(`a message begins inside another on chunk stream ${basic.csid}`)
    if (!known && basic.format === 2) {
      throw new MalformedError(`chunk stream ${basic.csid} begins without a message length`)
    }
    const stream = known ?? this.#addStream(basic.csid)
    stream.time = header.time
    stream.extended = header.extended
    stream.byteLength = header.byteLength ?? stream.byteLength
    stream.type = header.type ?? stream.type
    stream.streamId = header.streamId ?? stream.streamId
    this.#begin(stream, basic.format === 0 ? header.time : (stream.timestampMs + header.time) >>> 0)
    return this.#beginChunk(stream)
  }

  /**
   * A format 3 chunk repeats the extended timestamp (§5.3.1.3), though not every sender does it, and
   * some repeat the absolute one after a delta. So four bytes count as a repetition only if they are one.
   * False: they are not all there yet.
   */
  #repeatExtended(stream: ChunkStream): boolean {
    if (!stream.extended) return true
    if (this.#reader.remaining < 4) return false
    const value = this.#reader.readU32()
    const absolute = stream.open ? stream.timestampMs : (stream.timestampMs + stream.time) >>> 0
    if (value !== stream.time && value !== absolute) this.#reader.offset -= 4
    return true
  }

  #addStream(csid: number): ChunkStream {
    if (this.#streams.size >= MAX_CHUNK_STREAMS) {
      throw new MalformedError(`more than ${MAX_CHUNK_STREAMS} chunk streams`)
    }
    const stream = {
      timestampMs: 0,
      time: 0,
      extended: false,
      byteLength: 0,
      type: 0,
      streamId: 0,
      open: false,
      body: new MessageBody(),
    }
    this.#streams.set(csid, stream)
    return stream
  }

  #begin(stream: ChunkStream, timestampMs: number): void {
    const limit = maxBodyBytes(stream.type, this.#media)
    if (stream.byteLength > limit) {
      throw new MalformedError(
        `message type ${stream.type} of ${stream.byteLength} bytes; the limit is ${limit}`,
      )
    }
    stream.timestampMs = timestampMs
    stream.open = true
  }

  #beginChunk(stream: ChunkStream): ChunkStream {
    this.#current = stream
    this.#chunkRemaining = Math.min(this.#chunkBytes, stream.byteLength - stream.body.received)
    return stream
  }

  #readPayload(stream: ChunkStream): void {
    const reader = this.#reader
    const length = Math.min(this.#chunkRemaining, reader.remaining)
    if (length === 0) return
    this.#unfinishedBytes += length
    const limit = this.#media ? MAX_UNFINISHED_MEDIA_BYTES : MAX_UNFINISHED_BYTES
    if (this.#unfinishedBytes > limit)
      throw new MalformedError(`more than ${limit} bytes of unfinished messages`)
    stream.body.append(reader.bytes, reader.offset, reader.offset + length, stream.byteLength)
    reader.offset += length
    this.#chunkRemaining -= length
  }

  #finish(stream: ChunkStream): RtmpMessage {
    this.#unfinishedBytes -= stream.byteLength
    stream.open = false
    const { type, timestampMs, streamId, byteLength } = stream
    return { type, timestampMs, streamId, parts: stream.body.take(), byteLength }
  }

  /** The read is used up: nothing of it is referred to after this. */
  #letGo(): void {
    let kept = 0
    for (const stream of this.#streams.values()) {
      if (stream.open) stream.body.hold(stream.byteLength)
      else {
        kept += stream.body.keptBytes
        if (kept > MAX_KEPT_BYTES) stream.body = new MessageBody()
      }
    }
    const rest = this.#reader.remaining
    this.#reader = new ByteReader(rest === 0 ? NOTHING : Buffer.from(this.#reader.readBytes(rest)))
  }

  #setChunkBytes(message: RtmpMessage): void {
    if (message.byteLength < 4) throw new MalformedError('Set Chunk Size without a size')
    const size = new ByteReader(joinParts(message.parts, message.byteLength)).readU32()
    if (size === 0 || size > 0x7fffffff) throw new MalformedError(`chunk size ${size}`)
    this.#chunkBytes = Math.min(size, MAX_CHUNK_BYTES)
  }

  #abort(message: RtmpMessage): void {
    if (message.byteLength < 4) throw new MalformedError('Abort Message without a chunk stream')
    const csid = new ByteReader(joinParts(message.parts, message.byteLength)).readU32()
    const stream = this.#streams.get(csid)
    if (!stream?.open) return
    this.#unfinishedBytes -= stream.body.received
    stream.open = false
    stream.body.take()
  }
}

const NOTHING = new Uint8Array(0)
