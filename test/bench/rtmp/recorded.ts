/** Whether a recording holds everything that was pushed: what it cost counts only then. */
import { setTimeout as delay } from 'node:timers/promises'
import { AUDIO, VIDEO } from '../../../src/ingest/media-message.ts'
import { readLog } from '../../../src/recording/log-reader.ts'
import { isConfiguration, type MediaCount } from './pushed-stream.ts'

const SETTLE_MS = 10_000

/** Pictures and sounds in an FLV. */
export async function countRecorded(file: string): Promise<MediaCount> {
  let [messages, bytes] = [0, 0]
  for await (const tags of readLog(file, { foreign: true })) {
    for (const { type, body } of tags) {
      if ((type !== AUDIO && type !== VIDEO) || isConfiguration(body)) continue
      messages += 1
      bytes += body.byteLength
    }
  }
  return { messages, bytes }
}

/** The publishers have gone: waits for what is still being written. Throws naming the recording that is not complete. */
export async function expectComplete(
  server: string,
  files: readonly string[],
  pushed: MediaCount,
): Promise<void> {
  const until = performance.now() + SETTLE_MS
  for (const file of files) {
    for (;;) {
      const found = await countRecorded(file).catch(() => ({ messages: 0, bytes: 0 }))
      if (found.messages === pushed.messages && found.bytes === pushed.bytes) break
      if (performance.now() > until)
        throw new Error(
          `${server} did not record everything: ${file} has ${found.messages} of ${pushed.messages} messages, ${found.bytes} of ${pushed.bytes} bytes`,
        )
      await delay(100)
    }
  }
}
