/**
 * A program that is killed with -9 again and again, and what it did with what was sent to it. Its database is
 * one of a shared cluster, so that a start takes a second; its storage folder is its own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { TestCluster } from '../postgres-cluster.ts'
import { type Program, startProgram } from '../program.ts'
import type { PacedEncoder } from './paced-encoder.ts'
import { broadcastsOf, fingerprints, lostMs, sessionsOf } from './recorded-sessions.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/** Resolves at the instant to kill at. Whoever sends is put into `encoders` as soon as it is on air. */
export type Act = (program: Program, encoders: PacedEncoder[]) => Promise<void>

export class KilledProgram implements AsyncDisposable {
  readonly storageDir: string
  readonly #env: Readonly<Record<string, string>>
  #program: Program
  /** How long the last start took. */
  #bootMs: number
  readonly #seen = new Set<string>()
  /** Of every part that a start has salvaged or found closed: nothing may be done to it any more. */
  readonly #settled = new Map<string, string>()

  private constructor(
    storageDir: string,
    env: Readonly<Record<string, string>>,
    program: Program,
    bootMs: number,
  ) {
    this.storageDir = storageDir
    this.#env = env
    this.#program = program
    this.#bootMs = bootMs
  }

  static async start(cluster: TestCluster, name: string): Promise<KilledProgram> {
    const url = new URL(cluster.serverUrl)
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query(`CREATE DATABASE "${name}" TEMPLATE "${cluster.template}"`).finally(() => client.end())
    url.pathname = `/${name}`
    const storageDir = await mkdtemp(path.join(tmpdir(), `reprise-kills-`))
    const env = { DATABASE_URL: url.href, GRACE_SECONDS: '600', WORKER_CONCURRENCY: '1', LOG_LEVEL: 'warn' }
    const startedMs = performance.now()
    const program = await startProgram({ storageDir, env })
    return new KilledProgram(storageDir, env, program, performance.now() - startedMs)
  }

  get program(): Program {
    return this.#program
  }

  /**
   * Acts, kills, starts again (killed `bootKills` times on the way), and says what was lost of each encoder, in
   * ms. Throws when anything but the end of what was sent is missing, or a settled part has changed.
   */
  async kill(act: Act, bootKills = 0): Promise<readonly number[]> {
    const encoders: PacedEncoder[] = []
    await act(this.#program, encoders)
    const killedMs = performance.now()
    await this.#program.kill()
    for (const encoder of encoders) encoder.drop()
    for (let i = 0; i < bootKills; i++) await this.#startAndKill()
    const startedMs = performance.now()
    this.#program = await startProgram({ storageDir: this.storageDir, env: this.#env, ports: this.#program })
    this.#bootMs = performance.now() - startedMs
    await this.#checkSettled()
    const recorded = await this.#newSessions()
    if (recorded.length < encoders.length)
      throw new Error(`${encoders.length} encoders were on air, ${recorded.length} sessions are recorded`)
    // One that was not told yet that it is on air has sent nothing.
    return recorded.map(({ broadcastId, firstPart, frames }, index) => {
      const sent = encoders[index]?.sent ?? []
      const lost = lostMs(sent, frames, killedMs)
      if (lost > 200)
        console.log(
          `part ${firstPart} of ${broadcastId}: ${frames.length} of ${sent.length} frames, ${Math.round(lost)} ms lost after ${Math.round(killedMs - (sent[0]?.atMs ?? killedMs))} ms`,
        )
      return lost
    })
  }

  /** Throws when a part that was salvaged or closed is not what it was. */
  async checkParts(): Promise<void> {
    await this.#checkSettled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop()
    await rm(this.storageDir, { recursive: true, force: true })
  }

  async #startAndKill(): Promise<void> {
    const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: ROOT,
      stdio: 'ignore',
      env: {
        ...process.env,
        STORAGE_DIR: this.storageDir,
        HOST: '127.0.0.1',
        PORT: String(this.#program.port),
        RTMP_PORT: String(this.#program.rtmpPort),
        MIN_FREE_BYTES: '0',
        ...this.#env,
      },
    })
    const exited = once(child, 'exit')
    // The instant is what the test is about; the last of a start is waiting for the web.
    await delay(Math.random() * this.#bootMs)
    child.kill('SIGKILL')
    await exited
  }

  async #newSessions() {
    const found = []
    for (const broadcastId of await broadcastsOf(this.storageDir)) {
      for (const session of await sessionsOf(this.storageDir, broadcastId)) {
        const key = `${broadcastId} ${session.firstPart}`
        if (!this.#seen.has(key)) found.push(session)
        this.#seen.add(key)
      }
    }
    return found
  }

  async #checkSettled(): Promise<void> {
    const now = await fingerprints(this.storageDir)
    for (const [file, fingerprint] of this.#settled)
      if (now.get(file) !== fingerprint) throw new Error(`${file} was changed after it had been salvaged`)
    for (const [file, fingerprint] of now) this.#settled.set(file, fingerprint)
  }
}
