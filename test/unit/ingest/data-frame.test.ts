import { describe, expect, it } from 'vitest'
import { encodeAmf0Values } from '../../../src/formats/amf0.ts'
import { readDataFrame } from '../../../src/ingest/data-frame.ts'

const metadata = encodeAmf0Values(['onMetaData', { width: 1280 }])

/** In two parts, cut anywhere: as chunks cut it. */
function message(body: Buffer, cut = 7, type = 18) {
  const parts = [body.subarray(0, cut), body.subarray(cut)]
  return { type, timestampMs: 40, streamId: 1, parts, byteLength: body.byteLength }
}

const bodyOf = (frame: ReturnType<typeof readDataFrame>) => frame && Buffer.concat(frame.parts)

describe('data messages', () => {
  it('lose "@setDataFrame" and nothing else, wherever their parts are cut', () => {
    const body = Buffer.concat([encodeAmf0Values(['@setDataFrame']), metadata])
    for (let cut = 0; cut <= body.length; cut += 1) {
      const frame = readDataFrame(message(body, cut))
      expect(bodyOf(frame)?.equals(metadata)).toBe(true)
      expect(frame).toMatchObject({ type: 18, timestampMs: 40, byteLength: metadata.length })
    }
  })
  it('stay as they are without it', () => {
    expect(bodyOf(readDataFrame(message(metadata)))?.equals(metadata)).toBe(true)
    const other = encodeAmf0Values(['onTextData', { text: 'hi' }])
    expect(bodyOf(readDataFrame(message(other)))?.equals(other)).toBe(true)
  })
  it('lose the zero byte of an AMF3 message', () => {
    const body = Buffer.concat([Buffer.of(0), encodeAmf0Values(['@setDataFrame']), metadata])
    expect(bodyOf(readDataFrame(message(body, 1, 15)))?.equals(metadata)).toBe(true)
  })
  it('are nothing when they only clear, or hold nothing', () => {
    expect(readDataFrame(message(encodeAmf0Values(['@clearDataFrame', 'onMetaData'])))).toBeUndefined()
    expect(readDataFrame(message(encodeAmf0Values(['@setDataFrame'])))).toBeUndefined()
  })
  it('are not decoded: what is no AMF passes', () => {
    const body = Buffer.from('garbage')
    expect(bodyOf(readDataFrame(message(body)))?.equals(body)).toBe(true)
  })
})
