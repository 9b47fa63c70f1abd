import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type {
  PublishDecision,
  PublishedSession,
  SessionEnding,
  UnheardWatch,
} from '../../../../src/ingest/publish-gate.ts'
import type { BroadcastId, ChannelId } from '../../../../src/kernel/ids.ts'
import type {
  BroadcastLedger,
  BroadcastRecord,
  KeyHolder,
} from '../../../../src/library/broadcasts/broadcast-ledger.ts'
import type { SessionLog } from '../../../../src/library/broadcasts/broadcast-ports.ts'
import { BroadcastService } from '../../../../src/library/broadcasts/broadcast-service.ts'
import type { ChannelStorage } from '../../../../src/library/broadcasts/channel-quota.ts'
import { hashStreamKey } from '../../../../src/library/stream-key-secret.ts'

const KEY = 'rk_good'
const OTHER_KEY = 'rk_other'
const holder = (channelId: string, channelName: string, against: Partial<KeyHolder> = {}): KeyHolder => ({
  streamKeyId: `key of ${channelId}`,
  channelId: channelId as ChannelId,
  handle: channelName.toLowerCase(),
  channelName,
  keyState: 'valid',
  suspended: undefined,
  ...against,
})
const GRACE_MS = 60_000
const frame = { type: 9, timestampMs: 0, parts: [new Uint8Array(100)], byteLength: 100 } as const

/** A ledger in memory with the database's conditions, and everything around the service. */
function makeWorld(
  options: {
    diskRefusal?: string
    diskFullFor?: 'begin' | 'resume'
    against?: Partial<KeyHolder>
    stored?: ChannelStorage
    quotaBytes?: number
    recorderFails?: boolean
    takeover?: 'take-over' | 'refuse'
    maxBroadcasts?: number
  } = {},
) {
  const events: string[] = []
  const rows = new Map<
    string,
    { state: string; videoState: string; sessions: { id: string; ending?: string; bytes?: number }[] }
  >()
  let failures = 0
  let lookupFailures = 0
  const suspended = new Set<string>()
  const ledger: BroadcastLedger = {
    findKeyHolder: async (hash) => {
      if (lookupFailures > 0) {
        lookupFailures--
        throw new Error('the database is away')
      }
      return hash === hashStreamKey(KEY)
        ? holder('c', 'Ada', options.against)
        : hash === hashStreamKey(OTHER_KEY)
          ? holder('d', 'Bob')
          : undefined
    },
    storageOf: async () => options.stored ?? { storedBytes: 0, quotaBytes: undefined },
    listSuspended: async (ids) => new Map(ids.flatMap((id) => (suspended.has(id) ? [[id, 'Spam']] : []))),
    listUnheard: async () => new Map(),
    setUnheard: () => Promise.resolve(),
    listUnended: () => Promise.resolve([]),
    find: (id) => Promise.resolve({ broadcastId: id, sessions: [], parts: [] } as unknown as BroadcastRecord),
    open: (broadcast, session) => {
      rows.set(broadcast.broadcastId, {
        state: 'live',
        videoState: 'live',
        sessions: [{ id: session.sessionId }],
      })
      return Promise.resolve()
    },
    resume: (session) => {
      const row = rows.get(session.broadcastId)
      if (!row || row.state === 'ended') return Promise.resolve(false)
      row.state = 'live'
      row.sessions.push({ id: session.sessionId })
      return Promise.resolve(true)
    },
    closeSession: (id, ending, _at, bytes) => {
      if (failures > 0) {
        failures--
        return Promise.reject(new Error('the database is away'))
      }
      for (const row of rows.values())
        for (const session of row.sessions) if (session.id === id) Object.assign(session, { ending, bytes })
      return Promise.resolve()
    },
    interrupt: (id) => {
      const row = rows.get(id)
      if (row?.state === 'live') row.state = 'interrupted'
      return Promise.resolve()
    },
    end: (id, _at, _verdict, recordedAnything) => {
      const row = rows.get(id)
      if (row) Object.assign(row, { state: 'ended', videoState: recordedAnything ? 'processing' : 'trash' })
      return Promise.resolve()
    },
  }
  let segments = 0
  const disk = { hasRoom: true, drain: () => {} }
  const service = new BroadcastService({
    ledger,
    graceMs: GRACE_MS,
    takeover: options.takeover ?? 'take-over',
    maxBroadcasts: options.maxBroadcasts ?? 0,
    quotaBytes: options.quotaBytes ?? 0,
    maxBroadcastBytes: 0,
    diskRefusal: async (asked) => (asked === options.diskFullFor ? 'The disk is full.' : options.diskRefusal),
    audience: { broadcastChanged: () => undefined },
    partsWritten: () => Promise.resolve(),
    recorder: {
      openSession: () => {
        if (options.recorderFails) return Promise.reject(new Error('EIO'))
        const log: SessionLog & { written: number } = {
          written: 0,
          write: () => {
            segments++
            return disk.hasRoom
          },
          flush: () => undefined,
          onDrain: (listener) => {
            disk.drain = listener
          },
          onFailure: () => undefined,
          close: () => {
            events.push('log closed')
            return Promise.resolve()
          },
        }
        return Promise.resolve(log)
      },
    },
    packager: {
      follow: () => {
        events.push('packaging started')
        return {
          finish: () => {
            events.push('packaging finished')
            return Promise.resolve({ segments, durationSeconds: segments })
          },
          stop: () => {
            events.push('packaging stopped')
            return Promise.resolve()
          },
        }
      },
    },
    onEnded: () => events.push('ended'),
    log: pino({ level: 'silent' }),
  })
  const publish = (streamKey = KEY, remoteAddress = '192.0.2.1', encoder = 'test') =>
    service.admit({ app: 'live', streamKey, remoteAddress, encoder })
  return {
    service,
    events,
    rows,
    publish,
    disk,
    suspended,
    failNext: (count: number) => (failures = count),
    failLookups: (count: number) => (lookupFailures = count),
  }
}

function admitted(decision: PublishDecision): PublishedSession {
  if (decision.admitted === 'unheard') throw new Error('let in, but not heard')
  if (!decision.admitted) throw new Error(`refused: ${decision.reason}`)
  return decision.session
}
const only = <T>(map: Map<string, T>): T => {
  expect(map.size).toBe(1)
  return [...map.values()][0] as T
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the publish gate', () => {
  it('refuses an unknown key with a reason and creates nothing (pain 15)', async () => {
    const { publish, rows } = makeWorld()
    expect(await publish('rk_wrong')).toMatchObject({
      admitted: false,
      reason: expect.stringContaining('Unknown stream key'),
    })
    expect(rows.size).toBe(0)
  })

  it('refuses an encoder that comes back to a full disk, in words, and leaves its broadcast waiting', async () => {
    const { publish, rows, events } = makeWorld({ diskFullFor: 'resume' })
    await admitted(await publish()).close('protocol-error')
    expect(await publish()).toMatchObject({ admitted: false, reason: 'The disk is full.' })
    expect(only(rows)).toMatchObject({ state: 'interrupted', sessions: [{ ending: 'protocol-error' }] })
    await vi.advanceTimersByTimeAsync(GRACE_MS)
    expect(events).toContain('ended')
  })

  it('makes guessing slow, and only for the address that guesses', async () => {
    const { publish } = makeWorld()
    for (let i = 0; i < 10; i++) await publish(`rk_guess${i}`)
    expect(await publish()).toMatchObject({
      admitted: false,
      reason: expect.stringContaining('Too many wrong stream keys'),
    })
    expect(await publish(KEY, '192.0.2.2')).toMatchObject({ admitted: true })
    vi.advanceTimersByTime(61_000)
    expect(await publish()).toMatchObject({ admitted: true })
  })

  it.each([
    ['a revoked key', { against: { keyState: 'revoked' } }, 'was revoked'],
    ['a key that has expired', { against: { keyState: 'expired' } }, 'has expired'],
    [
      'a suspended owner',
      { against: { suspended: 'Spam.' } },
      'suspended and may not broadcast. Reason: Spam. Ask',
    ],
    ['a full disk', { diskRefusal: 'The disk is nearly full.' }, 'The disk is nearly full.'],
    [
      'a full channel',
      { quotaBytes: 1e9, stored: { storedBytes: 1.5e9, quotaBytes: undefined } },
      '1.5 GB of 1.0 GB',
    ],
    [
      'a channel full by its own quota',
      { stored: { storedBytes: 2e6, quotaBytes: 2e6 } },
      '2.0 MB of 2.0 MB',
    ],
  ] as const)('refuses %s before anything is created', async (_what, options, words) => {
    const { publish, rows } = makeWorld(options)
    expect(await publish()).toMatchObject({ admitted: false, reason: expect.stringContaining(words) })
    expect(rows.size).toBe(0)
  })

  it('takes a channel whose own quota is none at all, whatever the default', async () => {
    const { publish } = makeWorld({ quotaBytes: 1, stored: { storedBytes: 9e12, quotaBytes: 0 } })
    expect(await publish()).toMatchObject({ admitted: true })
  })

  it('takes the key under whatever application the encoder was set to', async () => {
    const { service } = makeWorld()
    const decision = await service.admit({ app: 'vod', streamKey: KEY, remoteAddress: 'a', encoder: '' })
    expect(decision).toMatchObject({ admitted: true })
  })

  it('refuses more broadcasts than are allowed before anything is created, also at the same moment (pain 15)', async () => {
    const { publish, rows } = makeWorld({ maxBroadcasts: 1 })
    const decisions = await Promise.all([publish(KEY), publish(OTHER_KEY)])
    expect(decisions).toMatchObject([
      { admitted: true },
      { admitted: false, reason: expect.stringContaining('1 broadcast at once') },
    ])
    const first = admitted(decisions[0])
    first.write(frame)
    await first.close('dropped')
    expect(await publish(OTHER_KEY), 'it waits for its encoder').toMatchObject({ admitted: false })
    const again = admitted(await publish(KEY))
    expect(rows.size).toBe(1)
    await again.close('unpublished')
    admitted(await publish(OTHER_KEY))
  })

  it('refuses a second encoder by setting, while the first is alive', async () => {
    const { publish, rows } = makeWorld({ takeover: 'refuse' })
    const first = admitted(await publish())
    const told = vi.fn()
    first.onStop(told)
    await vi.advanceTimersByTimeAsync(4000)
    first.write(frame)
    await vi.advanceTimersByTimeAsync(4000)
    expect(await publish()).toMatchObject({
      admitted: false,
      reason: expect.stringContaining('Another encoder is on air'),
    })
    expect(told).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1001)
    admitted(await publish())
    expect(told).toHaveBeenCalledWith('taken-over', expect.any(String))
    expect(only(rows).sessions).toMatchObject([{ ending: 'taken-over' }, {}])
  })

  it('refuses a second encoder while the disk keeps the first waiting, however long', async () => {
    const { publish, disk } = makeWorld({ takeover: 'refuse' })
    const first = admitted(await publish())
    const drained = vi.fn()
    first.onDrain(drained)
    disk.hasRoom = false
    expect(first.write(frame)).toBe(false)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await publish()).toMatchObject({ admitted: false })
    disk.drain()
    expect(drained).toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(5001)
    admitted(await publish())
  })

  it('lets the encoder that lost its connection come back at once under either setting (pain 14)', async () => {
    const { publish } = makeWorld({ takeover: 'refuse' })
    await admitted(await publish()).close('dropped')
    admitted(await publish())
  })

  it('puts nothing on air when the recording cannot be opened', async () => {
    const { publish, rows, service } = makeWorld({ recorderFails: true })
    expect(await publish()).toMatchObject({ admitted: false })
    expect(only(rows)).toMatchObject({ state: 'ended', videoState: 'trash' })
    await service.drain()
  })
})

describe('a database that is away', () => {
  it('is waited for by an encoder that wants to publish, and refused in words when it stays away', async () => {
    const { publish, rows, failLookups } = makeWorld()
    failLookups(3)
    const patient = publish()
    await vi.advanceTimersByTimeAsync(2000)
    expect(await patient).toMatchObject({ admitted: true })
    expect(rows.size).toBe(1)
    const gone = makeWorld()
    gone.failLookups(1_000_000)
    const refused = gone.publish()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await refused).toMatchObject({ admitted: false, reason: expect.stringContaining('Try again') })
  })

  it('does not hear of a dropped encoder after it heard that another one is there', async () => {
    const { publish, rows, failNext } = makeWorld()
    const first = admitted(await publish())
    failNext(3)
    await first.close('dropped')
    admitted(await publish())
    await vi.advanceTimersByTimeAsync(30_000)
    expect(only(rows)).toMatchObject({ state: 'live', sessions: [{ ending: 'dropped' }, {}] })
  })
})

describe('a broadcast', () => {
  it('ends at once when the encoder says goodbye', async () => {
    const { publish, rows, events } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    await session.close('unpublished')
    await vi.waitFor(() => expect(events).toContain('ended'))
    expect(only(rows)).toMatchObject({
      state: 'ended',
      videoState: 'processing',
      sessions: [{ ending: 'unpublished', bytes: 100 }],
    })
    expect(events).toEqual(['packaging started', 'log closed', 'packaging finished', 'ended'])
  })

  it('waits for a lost encoder, and ends when its grace is over (pain 11)', async () => {
    const { publish, rows, events } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    await session.close('dropped')
    await vi.advanceTimersByTimeAsync(GRACE_MS - 1000)
    expect(only(rows).state).toBe('interrupted')
    await vi.advanceTimersByTimeAsync(2000)
    expect(only(rows).state).toBe('ended')
    expect(events).toContain('ended')
  })

  it('is one broadcast through a hundred reconnects (pain 12)', async () => {
    const { publish, rows, events } = makeWorld()
    for (let i = 0; i < 100; i++) {
      const session = admitted(await publish())
      session.write(frame)
      await session.close('dropped')
      await vi.advanceTimersByTimeAsync((i * 7919) % GRACE_MS)
    }
    expect(only(rows).sessions).toHaveLength(100)
    expect(events.filter((event) => event === 'packaging started')).toHaveLength(1)
  })

  it('is taken over by a second encoder with the same key, and the first is told', async () => {
    const { publish, rows } = makeWorld()
    const first = admitted(await publish())
    const told = vi.fn()
    first.onStop(told)
    const second = admitted(await publish())
    expect(told).toHaveBeenCalledWith('taken-over', expect.stringContaining('took over'))
    await first.close('dropped')
    await vi.advanceTimersByTimeAsync(2 * GRACE_MS)
    expect(only(rows)).toMatchObject({ state: 'live', sessions: [{ ending: 'taken-over' }, {}] })
    await second.close('unpublished')
  })

  it('is one broadcast when two encoders arrive at the same moment', async () => {
    const { publish, rows } = makeWorld()
    const decisions = await Promise.all([publish(), publish()])
    expect(decisions.every((decision) => decision.admitted)).toBe(true)
    expect(only(rows).sessions).toHaveLength(2)
  })

  it('begins anew after the one before has ended (pain 13)', async () => {
    const { publish, rows } = makeWorld()
    const first = admitted(await publish())
    first.write(frame)
    await first.close('unpublished')
    admitted(await publish())
    expect([...rows.values()].map((row) => row.state)).toEqual(['ended', 'live'])
  })

  it('leaves no replay when nothing was received', async () => {
    const { publish, rows, events } = makeWorld()
    await admitted(await publish()).close('unpublished')
    await vi.waitFor(() => expect(events).toContain('ended'))
    expect(only(rows).videoState).toBe('trash')
  })

  it('ends for its creator, and resolves when the replay is complete', async () => {
    const { publish, rows, service, events } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    session.onStop((ending) => session.close(ending))
    const [broadcastId] = [...rows.keys()]
    expect(await service.end(broadcastId as BroadcastId)).toBe(true)
    expect(events).toContain('ended')
    expect(await service.end(broadcastId as BroadcastId)).toBe(false)
  })

  it('begins anew when its creator ended it and the encoder is started again', async () => {
    const { publish, rows, service } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    const stopped = vi.fn((ending: SessionEnding, _reason: string, _watch?: UnheardWatch) =>
      session.close(ending),
    )
    session.onStop(stopped)
    const [broadcastId] = [...rows.keys()]
    await service.end(broadcastId as BroadcastId)
    expect(stopped).toHaveBeenCalledWith('ended', expect.any(String), expect.any(Function))
    // The connection that was kept is closed at last: nobody waits for it any more.
    stopped.mock.calls[0]?.[2]?.({ silentMs: () => 0 })('dropped')
    await session.close('dropped')
    await vi.advanceTimersByTimeAsync(2 * GRACE_MS)
    admitted(await publish())
    expect([...rows.values()]).toMatchObject([
      { state: 'ended', videoState: 'processing', sessions: [{ ending: 'ended', bytes: 100 }] },
      { state: 'live' },
    ])
  })

  it('stays ended for an encoder that was cut off from it and comes back by itself', async () => {
    const { publish, rows, service } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    await session.close('silent')
    const broadcastId = [...rows.keys()][0] as BroadcastId
    await service.end(broadcastId)
    const back = await publish()
    if (back.admitted !== 'unheard') throw new Error('heard')
    const left = back.watch({ silentMs: () => 0 })
    expect(service.isUnheard(broadcastId)).toBe(true)
    expect(await publish(KEY, '192.0.2.1', 'another encoder')).toMatchObject({ admitted: true })
    left('goodbye')
    expect(rows.size).toBe(2)
  })

  it('is ended when its owner is suspended meanwhile, and the encoder is told', async () => {
    const { publish, rows, suspended } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    const told = vi.fn()
    session.onStop(told)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(told).not.toHaveBeenCalled()
    suspended.add('c')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(told).toHaveBeenCalledWith('suspended', expect.stringContaining('Reason: Spam.'), undefined)
    expect(only(rows)).toMatchObject({
      state: 'ended',
      videoState: 'processing',
      sessions: [{ ending: 'suspended' }],
    })
  })

  it('goes on when it crosses the quota of its channel, and its creator is told', async () => {
    const stored = { storedBytes: 999_950, quotaBytes: 1_000_000 }
    const { publish, rows, service } = makeWorld({ stored })
    const session = admitted(await publish())
    const broadcastId = [...rows.keys()][0] as BroadcastId
    await vi.advanceTimersByTimeAsync(60_000)
    expect(service.overQuota(broadcastId)).toBeUndefined()
    session.write(frame)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(service.overQuota(broadcastId)).toContain('the next one will be refused')
    expect(only(rows).state).toBe('live')
  })

  it('tells the database when it is back, and does not wait for it to record', async () => {
    const { publish, rows, failNext } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    failNext(3)
    await session.close('dropped')
    expect(only(rows).sessions[0]?.ending).toBeUndefined()
    await vi.advanceTimersByTimeAsync(5000)
    expect(only(rows)).toMatchObject({ state: 'interrupted', sessions: [{ ending: 'dropped' }] })
  })

  it('is left waiting for the next start when the server stops, its recording closed', async () => {
    const { publish, rows, service, events } = makeWorld()
    const session = admitted(await publish())
    session.write(frame)
    await service.drain()
    expect(only(rows)).toMatchObject({ state: 'interrupted', sessions: [{ ending: 'draining' }] })
    expect(events).toEqual(['packaging started', 'log closed', 'packaging stopped'])
    expect(await publish()).toMatchObject({ admitted: false, reason: expect.stringContaining('restarting') })
  })
})
