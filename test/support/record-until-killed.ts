/** Run by itself, to be killed: records an FLV into a folder, and says whenever something was written how many bytes are in the file. */
import { writeSync } from 'node:fs'
import type { SessionId } from '../../src/kernel/ids.ts'
import { broadcastId, makeRecorder, messagesOf } from './packaged-video.ts'

const MESSAGES_AT_ONCE = 20

const [folder = '', source = ''] = process.argv.slice(2)
const log = await makeRecorder(folder).openSession({ broadcastId, sessionId: 's' as SessionId, firstPart: 0 })
const messages = await messagesOf(source)
for (let at = 0; at < messages.length; at += MESSAGES_AT_ONCE) {
  for (const message of messages.slice(at, at + MESSAGES_AT_ONCE)) log.write(message)
  await log.growth.beyond(log.growth.bytes)
  writeSync(1, `${log.growth.bytes}\n`)
}
// Never closed.
setInterval(() => undefined, 60_000)
