/** The ingest role as the program has it, over a database of its own: real RTMP, real rows, real files. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { type Broadcasting, startBroadcasting } from '../../src/composition/broadcasting.ts'
import { watchDisk } from '../../src/composition/disk.ts'
import { type Foundation, layFoundation } from '../../src/composition/foundation.ts'
import { type Holdings, openLibrary } from '../../src/composition/holdings.ts'
import { type Config, makeConfig } from '../../src/config/config.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { createTestDatabase } from './postgres.ts'

export interface TestStation extends AsyncDisposable {
  readonly databaseUrl: string
  readonly foundation: Foundation
  readonly holdings: Holdings
  readonly storageDir: string
  /** Everything logged so far, at level trace. */
  readonly log: () => string
  /** A server with these settings on a port of its own; of several the earlier ones go on. */
  serve(config?: Partial<Config>): Promise<Broadcasting>
}

export async function startTestStation(): Promise<TestStation> {
  await using stack = new AsyncDisposableStack()
  const storageDir = await mkdtemp(path.join(tmpdir(), 'reprise-station-'))
  stack.defer(() => rm(storageDir, { recursive: true, force: true }))
  const database = stack.use(await createTestDatabase())
  let text = ''
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString()
      done()
    },
  })
  const log = makeLogger('trace', { forPerson: false, destination })
  const env = { ...process.env, STORAGE_DIR: storageDir, DATABASE_URL: database.url, MIN_FREE_BYTES: '0' }
  const config: Config = { ...makeConfig(env, storageDir), host: '127.0.0.1', rtmpPort: 0 }
  const foundation = await layFoundation(config, stack, { log })
  const holdings = await openLibrary(foundation, stack)
  const started = stack.move()
  return {
    databaseUrl: database.url,
    foundation,
    holdings,
    storageDir,
    log: () => text,
    async serve(own = {}) {
      const here = { ...foundation, config: { ...config, ...own } }
      return startBroadcasting(here, holdings, await watchDisk(here, started), started)
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

/** Every file below the folder, with its size left out: paths alone. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted()
}
