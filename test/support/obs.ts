/**
 * OBS Studio without a screen of its own: a folder of settings made for one run (profile, scene of one
 * colour), a virtual display, and its own WebSocket interface to steer it by.
 * obs-websocket protocol 5.x, RPC version 1.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { freePort } from './free-port.ts'

const START_TIMEOUT_MS = 60_000
const RPC_VERSION = 1
/** Operation codes of its messages. */
const OP = { hello: 0, identify: 1, identified: 2, request: 6, response: 7 } as const
/** OBS 29.0.2: an older one would ask whether to migrate its settings. */
const LAST_VERSION = '486539266'

export interface ObsOptions {
  /** Such as rtmp://127.0.0.1:1935/live. */
  readonly server: string
  readonly key: string
  readonly keyframeSeconds?: number
}

export interface ObsStreamStatus {
  readonly outputActive: boolean
  readonly outputReconnecting: boolean
  readonly outputTotalFrames: number
}

interface ObsMessage {
  readonly op: number
  readonly d: {
    readonly requestId?: string
    readonly requestStatus?: { readonly result: boolean; readonly comment?: string }
    readonly responseData?: unknown
  }
}

export class Obs implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #home: string
  readonly #socket: WebSocket
  readonly #log: () => string
  #requests = 0

  private constructor(child: ChildProcess, home: string, socket: WebSocket, log: () => string) {
    this.#child = child
    this.#home = home
    this.#socket = socket
    this.#log = log
  }

  /** Resolves when it can be steered; it does not stream yet. */
  static async start(options: ObsOptions): Promise<Obs> {
    const home = await mkdtemp(path.join(tmpdir(), 'reprise-obs-'))
    const port = await freePort()
    await writeSettings(home, port, options)
    const { child, log } = run(home)
    try {
      const socket = await connect(port, child)
      return new Obs(child, home, socket, log)
    } catch (error) {
      await end(child)
      await rm(home, { recursive: true, force: true })
      throw new Error(`OBS did not start:\n${log()}`, { cause: error })
    }
  }

  /** Everything it logged. */
  get log(): string {
    return this.#log()
  }

  async startStreaming(): Promise<void> {
    await this.#ask('StartStream')
  }

  async stopStreaming(): Promise<void> {
    await this.#ask('StopStream')
  }

  async status(): Promise<ObsStreamStatus> {
    return (await this.#ask('GetStreamStatus')) as ObsStreamStatus
  }

  /** As a machine that goes to sleep. */
  suspend(): void {
    this.#signal('SIGSTOP')
  }

  wake(): void {
    this.#signal('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wake()
    this.#socket.terminate()
    await end(this.#child)
    await rm(this.#home, { recursive: true, force: true })
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode } = this.#child
    if (pid !== undefined && exitCode === null) process.kill(-pid, signal)
  }

  #ask(requestType: string): Promise<unknown> {
    this.#requests += 1
    const requestId = String(this.#requests)
    return new Promise((resolve, reject) => {
      const answered = (data: Buffer) => {
        const { op, d } = JSON.parse(data.toString()) as ObsMessage
        if (op !== OP.response || d.requestId !== requestId) return
        this.#socket.off('message', answered)
        if (d.requestStatus?.result) resolve(d.responseData)
        else reject(new Error(`OBS refused ${requestType}: ${d.requestStatus?.comment}`))
      }
      this.#socket.on('message', answered)
      this.#socket.send(JSON.stringify({ op: OP.request, d: { requestType, requestId } }))
    })
  }
}

function run(home: string): { child: ChildProcess; log: () => string } {
  const obs = [
    'obs',
    '--profile',
    'test',
    '--collection',
    'test',
    '--disable-updater',
    '--multi',
    '--verbose',
  ]
  const child = spawn('xvfb-run', ['-a', '-s', '-screen 0 1280x800x24', ...obs], {
    // A group of its own: the display and OBS end together.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOME: home,
      XDG_CONFIG_HOME: path.join(home, '.config'),
      XDG_RUNTIME_DIR: home,
      LIBGL_ALWAYS_SOFTWARE: '1',
      QT_QPA_PLATFORM: 'xcb',
    },
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
  return { child, log: () => log }
}

async function connect(port: number, child: ChildProcess): Promise<WebSocket> {
  const until = performance.now() + START_TIMEOUT_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}`)
    if (performance.now() > until) throw new Error('its WebSocket did not answer')
    const socket = await open(port)
    if (socket) return socket
    await delay(200)
  }
}

/** Undefined: nobody listens yet. */
function open(port: number): Promise<WebSocket | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'obswebsocket.json')
  return new Promise((resolve) => {
    socket.on('error', () => resolve(undefined))
    socket.on('message', (data: Buffer) => {
      const { op } = JSON.parse(data.toString()) as ObsMessage
      if (op === OP.hello) socket.send(JSON.stringify({ op: OP.identify, d: { rpcVersion: RPC_VERSION } }))
      else if (op === OP.identified) resolve(socket)
    })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await exited
}

async function writeSettings(home: string, port: number, options: ObsOptions): Promise<void> {
  const { server, key, keyframeSeconds = 2 } = options
  const settings = path.join(home, '.config/obs-studio')
  const profile = path.join(settings, 'basic/profiles/test')
  await mkdir(profile, { recursive: true })
  await mkdir(path.join(settings, 'basic/scenes'), { recursive: true })
  const write = (folder: string, name: string, content: string | object) =>
    writeFile(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  await Promise.all([
    write(settings, 'global.ini', globalSettings(port)),
    write(profile, 'basic.ini', PROFILE),
    write(profile, 'streamEncoder.json', {
      rate_control: 'CBR',
      bitrate: 1500,
      keyint_sec: keyframeSeconds,
      preset: 'ultrafast',
      profile: 'high',
    }),
    write(profile, 'service.json', {
      type: 'rtmp_custom',
      settings: { server, key, use_auth: false, bwtest: false },
    }),
    write(path.join(settings, 'basic/scenes'), 'test.json', SCENES),
  ])
}

function globalSettings(port: number): string {
  return [
    '[General]',
    'FirstRun=true',
    `LastVersion=${LAST_VERSION}`,
    ...['Pre19Defaults', 'Pre21Defaults', 'Pre23Defaults', 'Pre24.1Defaults'].map((name) => `${name}=false`),
    'EnableAutoUpdates=false',
    'InfoIncrement=99',
    '[Basic]',
    ...['Profile', 'ProfileDir', 'SceneCollection', 'SceneCollectionFile'].map((name) => `${name}=test`),
    'ConfigOnNewProfile=true',
    '[OBSWebSocket]',
    'FirstLoad=false',
    'ServerEnabled=true',
    `ServerPort=${port}`,
    'AuthRequired=false',
    'AlertsEnabled=false',
    '',
  ].join('\n')
}

/** Small pictures, since everything is drawn and encoded by the processor; reconnecting after a second. */
const PROFILE = [
  '[General]',
  'Name=test',
  '[Video]',
  ...['BaseCX=640', 'BaseCY=360', 'OutputCX=640', 'OutputCY=360', 'FPSCommon=30'],
  '[Output]',
  ...['Mode=Advanced', 'Reconnect=true', 'RetryDelay=1', 'MaxRetries=20'],
  '[AdvOut]',
  ...['Encoder=obs_x264', 'TrackIndex=1', 'Track1Bitrate=160'],
  '',
].join('\n')

const SCENES = {
  name: 'test',
  current_scene: 'Scene',
  current_program_scene: 'Scene',
  scene_order: [{ name: 'Scene' }],
  sources: [
    { id: 'color_source', name: 'green', settings: { color: 0xff_00_ff_00, width: 640, height: 360 } },
    {
      id: 'scene',
      name: 'Scene',
      settings: {
        items: [{ name: 'green', id: 1, visible: true, pos: { x: 0, y: 0 }, scale: { x: 1, y: 1 } }],
      },
    },
  ],
  transitions: [],
  groups: [],
  quick_transitions: [],
}
