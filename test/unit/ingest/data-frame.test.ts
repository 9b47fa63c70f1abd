import { describe, expect, it } from 'vitest'
import { encodeAmf0Values, readAmf0Values } from '../../../src/formats/amf0.ts'
import { isMetadata, readDataFrame } from '../../../src/ingest/data-frame.ts'

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
  it('are written in AMF0 where AMF3 says it, and stay as they came where AMF0 cannot', () => {
    const said = encodeAmf0Values(['@setDataFrame', 'onMetaData'])
    // A dynamic object: width 640.
    const amf3 = Buffer.from('110a0b010b77696474680485' + '0001', 'hex')
    const frame = readDataFrame(message(Buffer.concat([Buffer.of(0), said, amf3]), 1, 15))
    expect(readAmf0Values(bodyOf(frame) ?? Buffer.of())).toEqual(['onMetaData', { width: 640 }])
    expect(isMetadata(bodyOf(frame) ?? Buffer.of())).toBe(true)
    const bytes = Buffer.concat([encodeAmf0Values(['onBytes']), Buffer.from('110c07010203', 'hex')])
    const kept = readDataFrame(message(Buffer.concat([Buffer.of(0), bytes]), 1, 15))
    expect(bodyOf(kept)?.equals(bytes)).toBe(true)
    const broken = Buffer.concat([encodeAmf0Values(['x']), Buffer.from('11ff', 'hex')])
    expect(bodyOf(readDataFrame(message(Buffer.concat([Buffer.of(0), broken]), 1, 15)))?.equals(broken)).toBe(
      true,
    )
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
