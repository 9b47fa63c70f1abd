/** Run by itself, to be traced: records an FLV at its own pace into a folder. */
import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId } from '../../src/kernel/ids.ts'
import { broadcastId, makeRecorder, messagesOf } from './packaged-video.ts'

const [folder = '', source = ''] = process.argv.slice(2)
const log = await makeRecorder(folder).openSession({ broadcastId, sessionId: 's' as SessionId, firstPart: 0 })
const began = performance.now()
for (const message of await messagesOf(source)) {
  // The encoder's pace is what is waited for.
  const due = message.timestampMs - (performance.now() - began)
  if (due > 1) await delay(due)
  log.write(message)
}
await log.close()
