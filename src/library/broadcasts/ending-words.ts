/** Why a connection or a broadcast ended, in words for its creator. Every ending has some. */
import type { SessionOutcome } from '../../recording/verdict.ts'

const WORDS: Record<SessionOutcome, string> = {
  unpublished: 'The encoder was stopped.',
  ended: 'The broadcast was ended in the studio.',
  suspended: 'An administrator suspended the owner of this channel.',
  dropped:
    'The connection was closed without a goodbye: the encoder stopped suddenly, or the network failed.',
  silent: 'Nothing came any more: the network between the encoder and the server failed.',
  'taken-over': 'A new connection with the same channel took its place.',
  'protocol-error': 'The server closed the connection: the encoder sent something that is not valid RTMP.',
  draining: 'The server was stopped or restarted.',
  disk: 'The disk of the server is full: nothing more could be recorded.',
  'write-error': 'The disk of the server refused to write: nothing more could be recorded.',
  'size-limit': 'The broadcast was as large as this server lets one become.',
  crashed: 'The server stopped unexpectedly.',
}

/** After these nobody was waited for. */
const FINAL: ReadonlySet<SessionOutcome> = new Set(['unpublished', 'ended', 'suspended', 'size-limit'])

export function isFinal(ending: SessionOutcome): boolean {
  return FINAL.has(ending)
}

/** Why a broadcast is over, from how its last connection ended. */
export function broadcastEndingWords(last: SessionOutcome): string {
  return isFinal(last)
    ? endingWords(last)
    : `${endingWords(last)} No encoder was back before the broadcast ended.`
}

/** One sentence. An ending of a newer version is shown as it is named. */
export function endingWords(ending: SessionOutcome): string {
  return WORDS[ending] ?? `It ended: ${ending}.`
}
