/** nginx with libnginx-mod-rtmp: one worker, configuration and everything it writes in a folder of the run. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../support/free-port.ts'
import { childrenOf } from '../process-usage.ts'
import { listening, type ServerProcess, startServerProcess } from '../server-process.ts'

const run = promisify(execFile)

const PROGRAMS = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/nginx/sbin/nginx']
const RTMP_MODULES = [
  '/usr/lib/nginx/modules/ngx_rtmp_module.so',
  '/usr/lib64/nginx/modules/ngx_rtmp_module.so',
  '/usr/share/nginx/modules/ngx_rtmp_module.so',
]
const HOW_TO_INSTALL = 'Debian: "apt-get install nginx libnginx-mod-rtmp"'

export interface NginxServer extends AsyncDisposable {
  readonly name: string
  /** Master and worker. */
  readonly pids: readonly number[]
  readonly port: number
  /** Where recordings come to be, `<stream>.flv`. */
  readonly recordings: string
}

/** Why there is no nginx to compare with, and how to get one. */
export interface MissingPeer {
  readonly missing: string
}

/** `hls`: also cut into segments of 2 s, which are kept. */
export async function startNginxRtmp(
  folder: string,
  options: { readonly hls: boolean; readonly record?: boolean },
): Promise<NginxServer | MissingPeer> {
  const rtmpModule = RTMP_MODULES.find((file) => existsSync(file))
  if (!rtmpModule)
    return { missing: `nginx-rtmp is not installed, so its ratios are left out. ${HOW_TO_INSTALL}.` }
  const port = await freePort()
  const recordings = path.join(folder, 'recordings')
  const hls = path.join(folder, 'hls')
  await mkdir(recordings, { recursive: true })
  await mkdir(hls, { recursive: true })
  const cutting = options.hls
    ? `hls on; hls_path ${hls}; hls_fragment 2s; hls_playlist_length 1h; hls_cleanup off;`
    : ''
  const recording = options.record === false ? '' : `record all; record_path ${recordings};`
  const server = `rtmp { access_log off; server { listen 127.0.0.1:${port}; chunk_size 4096; max_message 16M;
    application live { live on; ${recording} ${cutting} } } }`
  const started = await startNginx(folder, port, `load_module ${rtmpModule};`, server)
  return 'missing' in started ? started : { ...started, name: 'nginx-rtmp', recordings }
}

/** Files below `root`, sent by sendfile. */
export async function startNginxFiles(folder: string, root: string): Promise<NginxServer | MissingPeer> {
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${path.join(folder, name)};`)
    .join(' ')
  const server = `http { access_log off; ${temporary} sendfile on; tcp_nopush on; keepalive_requests 1000000;
    default_type video/iso.segment; server { listen 127.0.0.1:${port}; root ${root}; } }`
  const started = await startNginx(folder, port, '', server)
  return 'missing' in started ? started : { ...started, name: 'nginx sendfile' }
}

async function startNginx(
  folder: string,
  port: number,
  head: string,
  server: string,
): Promise<NginxServer | MissingPeer> {
  const program = PROGRAMS.find((file) => existsSync(file))
  if (!program) return { missing: `nginx is not installed, so its ratios are left out. ${HOW_TO_INSTALL}.` }
  await mkdir(folder, { recursive: true })
  const configuration = path.join(folder, 'nginx.conf')
  const errors = path.join(folder, 'error.log')
  // As root its worker would otherwise be another user, who may not write here.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : ''
  await writeFile(
    configuration,
    `${head}\n${user} daemon off; worker_processes 1; pid ${path.join(folder, 'nginx.pid')};
error_log ${errors} warn;\nevents { worker_connections 4096; }\n${server}\n`,
  )
  const args = ['-e', errors, '-p', folder, '-c', configuration]
  const nginx: ServerProcess = startServerProcess(program, args)
  await listening(nginx, port)
  return {
    name: 'nginx',
    pids: [nginx.pid, ...childrenOf(nginx.pid)],
    port,
    recordings: '',
    [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
  }
}

/** Such as "nginx/1.22.1"; undefined when there is none. */
export async function nginxVersion(): Promise<string | undefined> {
  const program = PROGRAMS.find((file) => existsSync(file))
  if (!program) return undefined
  const { stderr } = await run(program, ['-v'])
  return /nginx\/\S+/.exec(stderr)?.[0]
}
