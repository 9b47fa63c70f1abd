/** Run by itself, to be killed: records an FLV at its own pace into a folder, and says after each media message how many there are and when. */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { DATA } from '../../src/ingest/media-message.ts'
import type { SessionId } from '../../src/kernel/ids.ts'
import { broadcastId, makeRecorder, messagesOf } from './packaged-video.ts'

const [folder = '', source = ''] = process.argv.slice(2)
const log = await makeRecorder(folder).openSession({ broadcastId, sessionId: 's' as SessionId, firstPart: 0 })
const began = performance.now()
let count = 0
for (const message of await messagesOf(source)) {
  // The encoder's pace is what is waited for.
  const due = message.timestampMs - (performance.now() - began)
  if (due > 1) await delay(due)
  log.write(message)
  const isConfiguration = message.parts[0]?.[1] === 0
  if (message.type === DATA || isConfiguration) continue
  count += 1
  writeSync(1, `${count} ${performance.now() - began}\n`)
}
await log.close()
