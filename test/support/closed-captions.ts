/** An H.264 stream whose pictures carry CEA-608 captions, as a broadcaster's encoder puts them there. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ffmpeg } from './ffmpeg.ts'
import { h264 } from './media.ts'

const RATE = 25
const SECONDS = 8

/** "HELLO REPRISE" from second 2 to 5. No B-frames: pictures are stored in the order in which they are shown. */
export async function captionedStream(
  dir: string,
): Promise<{ readonly file: string; readonly frames: number }> {
  const plain = path.join(dir, 'plain.264')
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${RATE}:duration=${SECONDS}`],
    ...[...h264(RATE), '-bf', '0', '-x264-params', 'sliced-threads=0:slices=1', '-f', 'h264', plain],
  )
  const frames = RATE * SECONDS
  const words = [
    // Resume caption loading and erase what was loaded, each twice; row 15; the words.
    [2 * RATE - 14, ['9420', '9420', '94ae', '94ae', '9470', '9470', ...pairsOf('HELLO REPRISE')]],
    // End of caption: what was loaded is shown.
    [2 * RATE, ['942f', '942f']],
    // Erase displayed memory.
    [5 * RATE, ['942c', '942c']],
  ] as const
  const pairs = new Map(words.flatMap(([frame, list]) => list.map((pair, i) => [frame + i, pair] as const)))
  const marked = path.join(dir, 'captioned.264')
  await writeFile(marked, withCaptions(await readFile(plain), pairs))
  const file = path.join(dir, 'captioned.mp4')
  await ffmpeg('-framerate', `${RATE}`, '-i', marked, '-c', 'copy', file)
  return { file, frames }
}

/** Two letters in each pair, with odd parity. CEA-608-E §8.2. */
function pairsOf(words: string): string[] {
  const withParity = (code: number) => {
    let ones = 0
    for (let bit = 0; bit < 7; bit++) ones += (code >> bit) & 1
    return (code | (ones % 2 === 0 ? 0x80 : 0)).toString(16).padStart(2, '0')
  }
  const codes = [...words].map((letter) => withParity(letter.charCodeAt(0)))
  if (codes.length % 2 === 1) codes.push('80')
  return codes.flatMap((code, i) => (i % 2 === 0 ? [code + (codes[i + 1] ?? '80')] : []))
}

/** A unit of user data before the slice of every picture: its pair, or the two null bytes of silence. */
function withCaptions(stream: Buffer, pairs: ReadonlyMap<number, string>): Buffer {
  const out: Buffer[] = []
  let frame = 0
  for (const unit of unitsOf(stream)) {
    const type = (unit[0] ?? 0) & 0x1f
    if (type === 1 || type === 5) {
      const pair = Buffer.from(pairs.get(frame) ?? '8080', 'hex')
      const payload = Buffer.concat([
        Buffer.from('b5003147413934', 'hex'),
        Buffer.from([0x03, 0xc1, 0xff, 0xfc]),
        pair,
        Buffer.from([0xff]),
      ])
      out.push(START, Buffer.concat([Buffer.from([6, 4, payload.byteLength]), payload, Buffer.from([0x80])]))
      frame += 1
    }
    out.push(START, unit)
  }
  return Buffer.concat(out)
}

const START = Buffer.from([0, 0, 0, 1])

function unitsOf(stream: Buffer): Buffer[] {
  const starts: { from: number; at: number }[] = []
  for (let i = stream.indexOf('000001', 0, 'hex'); i !== -1; i = stream.indexOf('000001', i + 3, 'hex'))
    starts.push({ from: stream[i - 1] === 0 ? i - 1 : i, at: i + 3 })
  return starts.map(({ at }, n) => stream.subarray(at, starts[n + 1]?.from ?? stream.byteLength))
}
