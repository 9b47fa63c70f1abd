/**
 * Pairs of CEA-608 bytes as a Scenarist SCC file, a line for each picture that carries some. Pure.
 *
 *     Scenarist_SCC V1.0
 *
 *     00:00:01:15	9420 9420 c8e5
 *
 * Its clock counts hours, minutes, seconds and pictures; ffmpeg (libavformat/sccdec.c) takes a picture for 33 ms.
 */
import type { CaptionPair } from '../../packaging/closed-captions.ts'

const PICTURE_MS = 33

export function renderScenarist(pairs: readonly CaptionPair[]): string {
  const lines: string[] = []
  let time = ''
  for (const { seconds, bytes } of pairs) {
    const at = renderSceneTime(seconds)
    const word = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    if (at === time) lines.push(`${lines.pop()} ${word}`)
    else lines.push(`${at}\t${word}`)
    time = at
  }
  return `Scenarist_SCC V1.0\n\n${lines.join('\n\n')}\n\n`
}

function renderSceneTime(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const picture = Math.min(29, (ms % 1000) / PICTURE_MS)
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}:${two(picture)}`
}
