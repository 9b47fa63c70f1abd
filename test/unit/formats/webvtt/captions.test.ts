/** Caption files as people send them, and what becomes of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CaptionFault, parseTiming } from '../../../../src/formats/webvtt/cue.ts'
import { cleanCueText } from '../../../../src/formats/webvtt/cue-text.ts'
import { readCaptions } from '../../../../src/formats/webvtt/read-captions.ts'
import { renderPiece, renderTime, renderWebVtt } from '../../../../src/formats/webvtt/render-webvtt.ts'

const VTT = `WEBVTT - a film
Kind: captions

STYLE
::cue { color: red }

NOTE nobody sees
this

intro
00:01.000 --> 00:02.500 line:0 align:start region:fred
Hello <v Ada>there</v>
<script>alert(1)</script>

01:00:03.000 --> 01:00:04.000
A & B < C
`
const SRT = `1
00:00:01,000 --> 00:00:02,500
{\\an8}Hello <font color="red">there</font>

2
00:00:03,000 --> 00:00:04,000
<i>two
lines</i>
`
const bytes = (text: string) => Buffer.from(text, 'utf8')

describe('a caption file', () => {
  it('of WebVTT keeps its cues and their places, and loses styles, notes, names and foreign markup', () => {
    expect(readCaptions(bytes(VTT))).toEqual([
      { start: 1, end: 2.5, settings: 'line:0 align:start', text: 'Hello <v Ada>there</v>\nalert(1)' },
      { start: 3603, end: 3604, settings: '', text: 'A &amp; B &lt; C' },
    ])
  })

  it('of SubRip becomes the same', () => {
    expect(readCaptions(bytes(SRT))).toEqual([
      { start: 1, end: 2.5, settings: 'line:0', text: 'Hello there' },
      { start: 3, end: 4, settings: '', text: '<i>two\nlines</i>' },
    ])
  })

  it.each([
    ['UTF-8 with a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes(SRT)])],
    ['UTF-16, little end first', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(SRT, 'utf16le')])],
    [
      'UTF-16, big end first',
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(SRT, 'utf16le').swap16()]),
    ],
    ['UTF-16 without a mark', Buffer.from(SRT, 'utf16le')],
    ['lines ended as on Windows', bytes(SRT.replaceAll('\n', '\r\n'))],
    ['lines ended as on old Macs', bytes(SRT.replaceAll('\n', '\r'))],
  ])('is read in %s', (_, content) => {
    expect(readCaptions(content).map(({ text }) => text)).toEqual(['Hello there', '<i>two\nlines</i>'])
  })

  it.each([
    ['a time that is none', 'WEBVTT\n\n00:01.000 -> 00:02.000\nHello\n', 4, /no time/],
    ['minutes beyond 59', 'WEBVTT\n\n00:61:00.000 --> 00:62:00.000\nHello\n', 3, /no time/],
    ['times exchanged', '1\n00:00:05,000 --> 00:00:02,000\nHello\n', 2, /exchange/],
    ['a broken time in SubRip', '1\n00:00:01,000 --> later\nHello\n', 2, /no time/],
    ['words without a time', 'WEBVTT\n\nHello\n', 3, /without a time/],
    ['no captions at all', 'Dear Ada,\nhow are you?\n', 1, /neither WebVTT nor SubRip/],
    ['nothing', '', 1, /neither/],
    ['no cue', 'WEBVTT\n', 1, /no words/],
  ])('with %s is refused with the line and what to do', (_, text, line, words) => {
    expect(faultOf(() => readCaptions(bytes(text)))).toMatchObject({ line })
    expect(faultOf(() => readCaptions(bytes(text))).message).toMatch(words)
  })

  it('in Latin-1 is refused at the line where that shows', () => {
    const latin = Buffer.from('1\n00:00:01,000 --> 00:00:02,000\nFran\xe7ais\n', 'latin1')
    expect(faultOf(() => readCaptions(latin))).toMatchObject({
      line: 3,
      message: expect.stringMatching(/UTF-8/),
    })
  })

  it('of any bytes is read or refused, and what is read can be read again and stays', () => {
    const word = fc.constantFrom(
      'WEBVTT',
      '\n',
      '\n\n',
      '00:01.000 --> 00:02.000',
      '-->',
      '<b>',
      '</i>',
      '<v',
      '&',
      'x',
      '1',
      '{\\an8}',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word, { maxLength: 30 }).map((words) => bytes(words.join(''))),
          fc.uint8Array(),
        ),
        (content) => {
          try {
            const cues = readCaptions(content)
            expect(readCaptions(bytes(renderWebVtt(cues)))).toEqual(cues)
          } catch (error) {
            expect(error).toBeInstanceOf(CaptionFault)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('cue text', () => {
  it.each([
    ['<b>open', '<b>open</b>'],
    ['</b>closed', 'closed'],
    ['<b><i>crossed</b></i>', '<b><i>crossed</i></b>'],
    ['<c.yellow.bg_blue>class</c>', '<c.yellow.bg_blue>class</c>'],
    ['<img src=x onerror=alert(1)>picture', 'picture'],
    ['1 --> 2', '1 --&gt; 2'],
    ['<00:01.000>karaoke<bad>', '<00:01.000>karaoke'],
    ['<v.-->an arrow', '<v>an arrow</v>'],
    ['<v Ann-->an arrow', '<v Ann>an arrow</v>'],
    ['<v Ann & Bob>both', '<v Ann &amp; Bob>both</v>'],
    ['caf&eacute; &amp; bar', 'caf&amp;eacute; &amp; bar'],
  ])('%s becomes %s', (before, after) => {
    expect(cleanCueText(before)).toBe(after)
    expect(cleanCueText(after)).toBe(after)
  })

  it('never holds an arrow or an unknown tag', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '/', '-', 'b', 'v', ' ', '.', '&', 'x', '\n') }),
        (text) => {
          const cleaned = cleanCueText(text)
          expect(cleaned).not.toMatch(/-->|\n\n|<(?!\/?(?:b|i|u|c|v|lang|ruby|rt)\b|\d)/)
          expect(cleanCueText(cleaned)).toBe(cleaned)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('a piece of the captions', () => {
  it('has every cue that is seen in it, and says which clock it counts by', () => {
    const cues = readCaptions(bytes(SRT))
    expect(renderPiece(cues, 2, 3)).toBe(
      'WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00:01.000 --> 00:00:02.500 line:0\nHello there\n',
    )
    expect(renderPiece(cues, 10, 20)).toBe('WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n')
  })

  it('writes times as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 8 }), (ms) => {
        expect(parseTiming(`${renderTime(ms / 1000)} --> 99:00:00.000`)?.start).toBeCloseTo(ms / 1000, 6)
      }),
    )
  })
})

function faultOf(read: () => unknown): CaptionFault {
  try {
    read()
  } catch (error) {
    if (error instanceof CaptionFault) return error
    throw error
  }
  throw new Error('nothing was wrong')
}
