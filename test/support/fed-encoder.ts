/**
 * ffmpeg as an encoder whose pace is the test's: it pushes what it is fed, packets unchanged, and waits for
 * more. So a test can let something else happen at a known moment of the stream, on a machine of any speed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { readLog } from '../../src/recording/log-reader.ts'
import type { Publisher } from './ffmpeg.ts'

export interface FedEncoder extends Publisher {
  /** Gives it what the source has before this time, in milliseconds, and is not fed yet. */
  feed(beforeMs: number): void
  /** The rest, and the end of the broadcast. */
  finish(): void
}

/** Before it publishes anything ffmpeg wants to have seen some 20 frames of the source, an FLV. */
export async function fedEncoder(source: string, url: string): Promise<FedEncoder> {
  const bytes = await readFile(source)
  const tags: { readonly timestampMs: number; readonly offset: number }[] = []
  for await (const batch of readLog(source, { foreign: true })) tags.push(...batch)
  const args = ['-hide_banner', '-f', 'flv', '-i', 'pipe:0', '-c', 'copy', '-f', 'flv', url]
  const child = spawn('ffmpeg', args, { stdio: ['pipe', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // One that was killed reads no more.
  child.stdin.on('error', () => {})
  let fed = 0
  const feedTo = (end: number) => {
    if (end > fed) child.stdin.write(bytes.subarray(fed, end))
    fed = Math.max(fed, end)
  }
  return {
    child,
    stderr: () => stderr,
    done: once(child, 'exit').then(([code]) => code as number | null),
    feed(beforeMs) {
      feedTo(tags.find(({ timestampMs }) => timestampMs >= beforeMs)?.offset ?? bytes.length)
    },
    finish() {
      feedTo(bytes.length)
      child.stdin.end()
    },
  }
}
