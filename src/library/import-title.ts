/**
 * What a file on this machine is called in the catalogue. Servers name their recordings by the stream's
 * name, and on most of them that is the publisher's key: it must not become a public title.
 *
 *     nginx-rtmp       <key>.flv, <key>-<unix>.flv
 *     livego           <key>_<unix>.flv
 *     SRS              <key>.<unix ms>.flv, the same with .tmp while it is written
 *     Node-Media-Server  <app>/<key>/<unix ms>.flv
 *
 * So of recordings only the moment in the name is used, or else the time of the file. A name with a
 * space was given by a person: keys have none.
 */
import path from 'node:path'
import { titleFrom } from './uploads.ts'

export interface ImportName {
  readonly title: string
  /** For the catalogue's own notes: the file's name, unless it may hold a key. */
  readonly fileName: string
}

const RECORDING = /\.flv(\.tmp)?$/i
/** Unix time in seconds or milliseconds at the end of the name, by itself or behind the stream's name. */
const STAMPED = /^(?:.*[-_.])?(\d{10})(\d{3})?(?:\.[a-z0-9]{1,5}){1,2}$/i
const EARLIEST = Date.UTC(2005, 0)

/** `modifiedAt`: of the file; `now` to tell a moment from a number. */
export function importName(file: string, modifiedAt: Date, now = new Date()): ImportName {
  const name = path.basename(file)
  const stamp = STAMPED.exec(name)
  const at = stamp ? new Date(Number(stamp[1]) * 1000 + Number(stamp[2] ?? 0)) : undefined
  const recordedAt = at && at.getTime() > EARLIEST && at.getTime() < now.getTime() + DAY_MS ? at : undefined
  const isRecording = RECORDING.test(name) || recordedAt !== undefined
  if (!isRecording || (name.includes(' ') && !recordedAt)) return { title: titleFrom(name), fileName: name }
  const [day = '', time = ''] = (recordedAt ?? modifiedAt).toISOString().slice(0, 16).split('T')
  const ending = path.extname(name.replace(/\.tmp$/i, ''))
  return {
    title: `Recording of ${day} ${time} UTC`,
    fileName: `recording-${day}-${time.replace(':', '')}${ending}`,
  }
}

const DAY_MS = 86_400_000
