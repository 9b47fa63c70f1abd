/**
 * Settings: the environment, validated at once, every fault named, frozen.
 * docs/operating.md lists them for people; keep both together.
 */
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '../kernel/errors.ts'
import type { Env } from './env.ts'
import { settings } from './settings.ts'

export interface Config {
  readonly host: string
  readonly port: number
  readonly rtmpPort: number
  /** Absolute paths. Undefined: no RTMPS. */
  readonly rtmps: { readonly port: number; readonly certFile: string; readonly keyFile: string } | undefined
  /** Absolute. */
  readonly storageDir: string
  readonly databaseUrl: string | undefined
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  readonly metricsToken: string | undefined
  readonly admin: { readonly email: string; readonly password: string | undefined }
  /** Absolute folder of the media store. */
  readonly mediaDir: string
  readonly workerConcurrency: number
  readonly graceMs: number
  readonly takeover: 'take-over' | 'refuse'
  /** 0: no limit. */
  readonly maxBroadcasts: number
  /** 0: no limit. */
  readonly channelQuotaBytes: number
  /** 0: no limit. */
  readonly maxBroadcastBytes: number
  /** 0: no limit. */
  readonly maxConnectionsPerAddress: number
  readonly maxUploadBytes: number
  readonly renditionPolicy: { readonly lazy: boolean; readonly keepDays: number }
  /** Seconds of video encoded in an hour for viewers who wait. */
  readonly demandPerHour: { readonly ofAddress: number; readonly ofAll: number }
  readonly segmentWaitMs: number
  readonly encodeStallMs: number
  /** 0 to 1. */
  readonly encodeLoadLimit: number
  /** H.264 first, each once. */
  readonly renditionCodecs: readonly ('h264' | 'hevc' | 'av1')[]
  readonly hardwareEncoder: 'auto' | 'nvenc' | 'vaapi' | 'qsv' | 'videotoolbox' | 'none'
  /** LUFS. Undefined: none. */
  readonly loudnessTarget: number | undefined
  readonly minFreeBytes: number
  readonly warnFreeBytes: number
  readonly emergencyFreeBytes: number
  /** Speech to text; absolute paths. Undefined: none. */
  readonly speech: { readonly program: string; readonly model: string; readonly language: string } | undefined
  readonly sandbox: 'auto' | 'bwrap' | 'none'
  readonly ffmpegPath: string | undefined
  readonly ffprobePath: string | undefined
  /** The folders of PATH, where system tools are looked for. */
  readonly searchPath: readonly string[]
  readonly logLevel: string
}

/** Throws one AppError `bad-setting` that names every faulty setting, a line each. */
export function makeConfig(env: Env, cwd: string): Config {
  // An empty setting counts as unset, as in a compose file's `KEY=`.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = settings.safeParse(given)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message}${shown(given, issue.path[0])}`,
    )
    throw new AppError('bad-setting', `Bad setting${faults.length > 1 ? 's' : ''}:\n  ${faults.join('\n  ')}`)
  }
  const s = parsed.data
  const storageDir = path.resolve(cwd, s.STORAGE_DIR)
  const { RTMPS_PORT, RTMPS_CERT, RTMPS_KEY } = s
  return Object.freeze({
    host: s.HOST,
    port: s.PORT,
    rtmpPort: s.RTMP_PORT,
    rtmps:
      RTMPS_PORT && RTMPS_CERT && RTMPS_KEY
        ? { port: RTMPS_PORT, certFile: path.resolve(cwd, RTMPS_CERT), keyFile: path.resolve(cwd, RTMPS_KEY) }
        : undefined,
    storageDir,
    databaseUrl: s.DATABASE_URL,
    publicUrl: (s.PUBLIC_URL ?? `http://localhost:${s.PORT}`).replace(/\/+$/, ''),
    trustedProxies: s.TRUSTED_PROXIES,
    metricsToken: s.METRICS_TOKEN,
    admin: { email: s.ADMIN_EMAIL.toLowerCase(), password: s.ADMIN_PASSWORD },
    mediaDir: s.MEDIA_URL ? fileURLToPath(s.MEDIA_URL) : path.join(storageDir, 'media'),
    workerConcurrency: s.WORKER_CONCURRENCY ?? Math.max(1, availableParallelism()),
    graceMs: s.GRACE_SECONDS * 1000,
    takeover: s.TAKEOVER,
    maxBroadcasts: s.MAX_BROADCASTS,
    channelQuotaBytes: s.CHANNEL_QUOTA_BYTES,
    maxBroadcastBytes: s.MAX_BROADCAST_BYTES,
    maxConnectionsPerAddress: s.MAX_CONNECTIONS_PER_ADDRESS,
    maxUploadBytes: s.MAX_UPLOAD_BYTES,
    renditionPolicy: { lazy: s.RENDITION_POLICY === 'lazy', keepDays: s.RENDITION_KEEP_DAYS },
    demandPerHour: { ofAddress: s.DEMAND_MINUTES_PER_ADDRESS * 60, ofAll: s.DEMAND_MINUTES * 60 },
    segmentWaitMs: s.SEGMENT_WAIT_SECONDS * 1000,
    encodeStallMs: s.ENCODE_STALL_SECONDS * 1000,
    encodeLoadLimit: s.ENCODE_LOAD_LIMIT / 100,
    renditionCodecs: codecsOf(s.RENDITION_CODECS),
    hardwareEncoder: s.HARDWARE_ENCODER,
    loudnessTarget: s.LOUDNESS_TARGET,
    minFreeBytes: s.MIN_FREE_BYTES,
    warnFreeBytes: s.WARN_FREE_BYTES ?? 3 * s.MIN_FREE_BYTES,
    emergencyFreeBytes: s.EMERGENCY_FREE_BYTES ?? Math.floor(s.MIN_FREE_BYTES / 10),
    speech:
      s.WHISPER_PATH && s.WHISPER_MODEL
        ? {
            program: path.resolve(cwd, s.WHISPER_PATH),
            model: path.resolve(cwd, s.WHISPER_MODEL),
            language: s.WHISPER_LANGUAGE,
          }
        : undefined,
    sandbox: s.SANDBOX,
    ffmpegPath: s.FFMPEG_PATH,
    ffprobePath: s.FFPROBE_PATH,
    searchPath: (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== ''),
    logLevel: s.LOG_LEVEL,
  })
}

const SECRETS = new Set(['ADMIN_PASSWORD', 'DATABASE_URL', 'METRICS_TOKEN'])

function codecsOf(list: string): Config['renditionCodecs'] {
  const named = list.toLowerCase()
  const others = (['hevc', 'av1'] as const).filter((codec) => named.includes(codec))
  return ['h264', ...others]
}

function shown(given: Record<string, unknown>, name: PropertyKey | undefined): string {
  const value = given[String(name)]
  if (value === undefined || SECRETS.has(String(name))) return ''
  return ` (is "${value}")`
}
