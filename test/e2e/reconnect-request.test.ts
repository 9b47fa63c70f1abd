/** An encoder that can be asked to connect again (Enhanced RTMP v2 "Reconnect Request") goes through a restart of the program in one broadcast. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { BroadcastList } from '../../src/delivery/contract/broadcasts.ts'
import { session } from '../support/flv-messages.ts'
import { type Program, startProgram, until } from '../support/program.ts'
import { RtmpClient } from '../support/rtmp-client.ts'

async function onAir({ rtmpPort, firstRun }: Program): Promise<RtmpClient> {
  const client = await RtmpClient.connected(rtmpPort, { app: 'live', fourCcList: ['*'], capsEx: 1 })
  client.command(1, 'publish', 3, null, firstRun.streamKey, 'live')
  await client.status('NetStream.Publish.Start')
  return client
}

function send(client: RtmpClient, fromSecond: number, toSecond: number): void {
  for (const { type, timestampMs, parts } of session({
    seconds: toSecond - fromSecond,
    from: fromSecond * 1000,
  }))
    client.send({ csid: type, type, timestampMs, streamId: 1, body: Buffer.concat(parts) })
}

it('is asked before anything is closed, says goodbye, comes back, and has made one broadcast', async () => {
  const storageDir = await mkdtemp(path.join(tmpdir(), 'reprise-moved-'))
  try {
    const before = await startProgram({ storageDir })
    const client = await onAir(before)
    send(client, 0, 4)
    const onAirThere = async () => (await before.api<BroadcastList>('/broadcasts')).items[0]
    await until(onAirThere, (broadcast) => broadcast?.state === 'live', 15_000)

    const stopped = before.stop()
    await client.status('NetConnection.Connect.ReconnectRequest')
    // The old server goes on taking what comes, up to the next keyframe.
    send(client, 4, 6)
    client.command(0, 'FCUnpublish', 4, null, before.firstRun.streamKey)
    client.command(0, 'deleteStream', 0, null, 1)
    await client.status('NetStream.Unpublish.Success')
    client.close()
    expect(await stopped, before.output()).toBe(0)

    await using after = await startProgram({ storageDir, ports: before })
    const [waiting] = (await after.api<BroadcastList>('/broadcasts')).items
    expect(waiting).toMatchObject({ state: 'interrupted', sessions: [{ ending: 'draining' }] })
    const again = await onAir(after)
    send(again, 0, 4)
    again.command(0, 'deleteStream', 0, null, 1)
    await again.status('NetStream.Unpublish.Success')
    again.close()
    const ended = await until(
      async () => (await after.api<BroadcastList>('/broadcasts')).items,
      ([broadcast]) => broadcast?.state === 'ended',
      15_000,
    )
    expect(ended).toMatchObject([{ sessions: [{ ending: 'draining' }, { ending: 'unpublished' }] }])
    expect(ended.length).toBe(1)
  } finally {
    await rm(storageDir, { recursive: true, force: true })
  }
}, 120_000)
