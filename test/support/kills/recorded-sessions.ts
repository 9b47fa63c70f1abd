/** What is in the recordings of a storage folder, session by session, and what is missing of what was sent. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { partsOnDisk } from '../../../src/recording/broadcast-log.ts'
import { readLog } from '../../../src/recording/log-reader.ts'
import { isContinuedMark } from '../../../src/recording/part-head.ts'
import { isFrame, type SentFrame } from './paced-encoder.ts'

export interface RecordedSession {
  readonly broadcastId: string
  readonly firstPart: number
  /** Bodies of pictures and sounds, over all parts of the session. */
  readonly frames: readonly Buffer[]
}

/** In order of parts. */
export async function sessionsOf(storageDir: string, broadcastId: string): Promise<RecordedSession[]> {
  const folder = path.join(storageDir, 'recordings', broadcastId)
  const sessions: { broadcastId: string; firstPart: number; frames: Buffer[] }[] = []
  for (const part of await partsOnDisk(folder)) {
    let first = true
    let own = sessions.at(-1)
    const file = path.join(folder, `${part}.flv`)
    if ((await readFile(file)).length > 0) {
      for await (const tags of readLog(file)) {
        for (const { type, body } of tags) {
          if (first && !(own && isContinuedMark(body))) {
            own = { broadcastId, firstPart: part, frames: [] }
            sessions.push(own)
          }
          first = false
          if (isFrame(type, body)) own?.frames.push(Buffer.from(body))
        }
      }
    }
    // Killed before its first tag was written: a session all the same.
    if (first) sessions.push({ broadcastId, firstPart: part, frames: [] })
  }
  return sessions
}

export async function broadcastsOf(storageDir: string): Promise<string[]> {
  return (await readdir(path.join(storageDir, 'recordings')).catch(() => [])).sort()
}

/** SHA-256 of every part by its path. */
export async function fingerprints(storageDir: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const broadcastId of await broadcastsOf(storageDir)) {
    const folder = path.join(storageDir, 'recordings', broadcastId)
    for (const part of await partsOnDisk(folder)) {
      const file = path.join(folder, `${part}.flv`)
      found.set(
        file,
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      )
    }
  }
  return found
}

/**
 * Milliseconds of what had been sent when the server was killed and is not recorded: from the first frame
 * that is missing. Throws when what is recorded is not exactly the beginning of what was sent.
 */
export function lostMs(sent: readonly SentFrame[], recorded: readonly Buffer[], killedMs: number): number {
  if (recorded.length > sent.length)
    throw new Error(`${recorded.length} frames are recorded, ${sent.length} were sent`)
  const different = recorded.findIndex((body, index) => !sent[index]?.body.equals(body))
  if (different !== -1) throw new Error(`frame ${different} is not the one that was sent`)
  const missing = sent[recorded.length]
  return missing ? Math.max(0, killedMs - missing.atMs) : 0
}
