/** Our ingest, started for a measurement (ingest-process.ts). */
import path from 'node:path'
import { type ServerProcess, startScript } from './server-process.ts'

export interface RepriseIngest extends AsyncDisposable {
  readonly server: ServerProcess
  readonly pids: readonly number[]
  readonly rtmpPort: number
  readonly httpPort: number
  /** Where the stream of that name is recorded. */
  recording(name: string): string
}

export async function startRepriseIngest(
  folder: string,
  mode: 'recording' | 'packaging',
): Promise<RepriseIngest> {
  const script = path.join(import.meta.dirname, 'ingest-process.ts')
  const server = await startScript<{ rtmpPort: number; httpPort: number }>(script, [folder, mode])
  return {
    server,
    pids: [server.pid],
    ...server.ready,
    recording: (name) => path.join(folder, 'recordings', name, '0.flv'),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
