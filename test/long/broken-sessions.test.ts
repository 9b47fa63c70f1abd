/** A million damaged sessions, of real programs and of our own making. `npm test` runs 2,000 of the latter. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { FakePublishGate } from '../support/fake-publish-gate.ts'
import { ffmpeg, publish } from '../support/ffmpeg.ts'
import { assertBrokenSessions } from '../support/rtmp/assert-sessions.ts'
import { startRecordingProxy } from '../support/rtmp/recording-proxy.ts'
import { runSession } from '../support/rtmp/run-session.ts'
import {
  builtSessions,
  CHANNEL,
  cutSession,
  KEY,
  recordedSessions,
  type SessionPieces,
} from '../support/rtmp/session-pieces.ts'
import { makeRtmpServer } from '../support/rtmp/test-server.ts'

const SESSIONS = 1_000_000
const ROUND = 50_000

/** What ffmpeg says when it publishes picture and sound, sound alone, and plays. */
async function capturedSessions(): Promise<SessionPieces[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'reprise-capture-'))
  const gate = new FakePublishGate({ [KEY]: CHANNEL })
  const server = makeRtmpServer({
    gate,
  })
  await using proxy = await startRecordingProxy(await server.listen())
  const url = `rtmp://127.0.0.1:${proxy.port}/live`
  try {
    const both = path.join(folder, 'both.flv')
    const sound = path.join(folder, 'sound.flv')
    const tone = ['-f', 'lavfi', '-i', 'sine=sample_rate=44100:duration=2', '-c:a', 'aac', '-b:a', '32k']
    await ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=64x36:rate=12:duration=2',
      ...tone,
      '-c:v',
      'libx264',
      both,
    )
    await ffmpeg(...tone, sound)
    const encoder = publish(both, `${url}/${KEY}`)
    await (await gate.session()).received(5)
    await ffmpeg('-i', `${url}/${CHANNEL}`, '-c', 'copy', '-f', 'null', '-')
    expect(await encoder.done).toBe(0)
    await ffmpeg('-i', sound, '-c', 'copy', '-f', 'flv', `${url}/${KEY}`)
    const names = ['ffmpeg publishes', 'ffmpeg plays', 'ffmpeg publishes sound']
    return proxy.said.map((bytes, i) => cutSession(names[i] ?? 'ffmpeg', bytes()))
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

it('a million broken sessions cause no undeclared error, leave nothing open and hold little', async () => {
  const captured = await capturedSessions()
  for (const { name, pieces } of captured) {
    const { publishes } = await runSession(Buffer.concat(pieces), { reads: 1, ending: 'finished' })
    expect(publishes, name).toBe(name.includes('publishes') ? 1 : 0)
    expect(pieces.length, name).toBeGreaterThan(6)
  }
  const sessions = [...captured, ...recordedSessions(), ...builtSessions()]
  for (let done = 0; done < SESSIONS; done += ROUND) {
    const { published, seed } = await assertBrokenSessions(sessions, { runs: ROUND })
    console.log(`${done + ROUND} sessions, ${published} of the last ${ROUND} published; seed ${seed}`)
    expect(published).toBeGreaterThan(ROUND / 4)
  }
})
