/** Each setting's rule, and what it is when it is not set. What they mean together: config.ts. */
import proxyAddress from 'proxy-addr'
import { z } from 'zod'

/** Faults are told in a person's words; zod's own speak of NaN. */
function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  const rule = `must be a whole number${most < Number.MAX_SAFE_INTEGER ? ` from ${least} to ${most}` : `, ${least} or more`}`
  return z.coerce.number(rule).refine((n) => Number.isInteger(n) && n >= least && n <= most, rule)
}

function areNetworks(names: readonly string[]): boolean {
  try {
    proxyAddress.compile([...names])
    return true
  } catch {
    return false
  }
}

const port = wholeNumber(1, 65_535)
const SECONDS_RULE = 'must be a number of seconds from 0 to 86400'
const seconds = z.coerce.number(SECONDS_RULE).min(0, SECONDS_RULE).max(86_400, SECONDS_RULE)

const LOUDNESS_RULE = 'must be a loudness in LUFS from -31 to -8, such as -16'

const CODECS_RULE = 'must name codecs of h264, hevc and av1, with commas between them'
const HARDWARE_RULE = 'must be auto, nvenc, vaapi, qsv, videotoolbox or none'

export const settings = z
  .object({
    HOST: z.string().min(1).default('0.0.0.0'),
    PORT: port.default(8080),
    RTMP_PORT: port.default(1935),
    /** RTMP over TLS, beside the plain port. Without it there is none. */
    RTMPS_PORT: port.optional(),
    /** Files in PEM form. */
    RTMPS_CERT: z.string().min(1).optional(),
    RTMPS_KEY: z.string().min(1).optional(),
    STORAGE_DIR: z.string().min(1).default('./storage'),
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://')
      .optional(),
    /** Where viewers reach the site, without a trailing slash: links, cookies and CORS follow it. */
    PUBLIC_URL: z
      .url({ protocol: /^https?$/, error: 'must be a web address such as https://video.example.org' })
      .optional(),
    /** Proxies in front whose X-Forwarded-For is believed: addresses, networks, or loopback, linklocal, uniquelocal. */
    TRUSTED_PROXIES: z
      .string()
      .transform((text) =>
        text
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      )
      .refine(
        areNetworks,
        'must be addresses or networks such as 10.0.0.0/8, or loopback, uniquelocal, separated by commas',
      )
      .default([]),
    /** What Prometheus sends to see /metrics. Without it only machines of private networks see them. */
    METRICS_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
    ADMIN_EMAIL: z.email('must be an e-mail address').default('admin@localhost.localdomain'),
    ADMIN_PASSWORD: z
      .string()
      .regex(/^.{8,128}$/su, 'must have 8 to 128 characters')
      .optional(),
    /** s3:// is reserved for the object store; until it stands only the file system is served. */
    MEDIA_URL: z
      .string()
      .regex(/^file:\/\/\//, 'must begin with file:/// (an object store is not supported yet)')
      .optional(),
    WORKER_CONCURRENCY: wholeNumber(1, 64).optional(),
    /** How long a broadcast waits for its encoder to come back after a lost connection. */
    GRACE_SECONDS: seconds.default(60),
    /** What a second encoder gets while the first with the same key is alive. */
    TAKEOVER: z.enum(['take-over', 'refuse'], 'must be take-over or refuse').default('take-over'),
    /** On air at once; 0: no limit. */
    MAX_BROADCASTS: wholeNumber(0).default(0),
    /** What a channel may store, unless it has a quota of its own; 0: no limit. */
    CHANNEL_QUOTA_BYTES: wholeNumber(0).default(0),
    /** Of one broadcast's recording: it is ended when it would become larger. 0: no limit. */
    MAX_BROADCAST_BYTES: wholeNumber(0).default(0),
    /** RTMP connections from one address at once; 0: no limit. */
    MAX_CONNECTIONS_PER_ADDRESS: wholeNumber(0).default(1000),
    MAX_UPLOAD_BYTES: wholeNumber(1).default(64 * 2 ** 30),
    /** What is made of a video beforehand, unless its channel says otherwise: pipeline/rendition-policy.ts. */
    RENDITION_POLICY: z.enum(['eager', 'lazy'], 'must be eager or lazy').default('eager'),
    /** Rungs that nobody has watched for so many days are removed; 0: never. */
    RENDITION_KEEP_DAYS: wholeNumber(0, 36_500).default(0),
    /** Minutes of video in one quality that are encoded within an hour since viewers at one address, or all, wait for them. */
    DEMAND_MINUTES_PER_ADDRESS: wholeNumber(1).default(240),
    DEMAND_MINUTES: wholeNumber(1).default(2400),
    /** Longest time a request for a segment waits for it to be made. */
    SEGMENT_WAIT_SECONDS: seconds.default(12),
    /** An encoder that shows no progress for so long is ended, and its part tried again elsewhere. */
    ENCODE_STALL_SECONDS: z.coerce
      .number('must be a number of seconds from 5 to 3600')
      .min(5, 'must be a number of seconds from 5 to 3600')
      .max(3600, 'must be a number of seconds from 5 to 3600')
      .default(60),
    /** Share of the processors that everything else may take before what is encoded beforehand waits, percent; 100: it never does. */
    ENCODE_LOAD_LIMIT: wholeNumber(1, 100).default(100),
    /** What rungs are encoded in besides H.264, in which there always is one. */
    RENDITION_CODECS: z
      .string()
      .regex(/^\s*(h264|hevc|av1)(\s*,\s*(h264|hevc|av1))*\s*$/i, CODECS_RULE)
      .default('h264'),
    /** Who encodes H.264 besides software. */
    HARDWARE_ENCODER: z
      .enum(['auto', 'nvenc', 'vaapi', 'qsv', 'videotoolbox', 'none'], HARDWARE_RULE)
      .default('none'),
    /** LUFS at which each video's sound is offered too, beside its own level. Without it none is. */
    LOUDNESS_TARGET: z.coerce.number(LOUDNESS_RULE).min(-31, LOUDNESS_RULE).max(-8, LOUDNESS_RULE).optional(),
    /** New broadcasts and uploads are refused below this much free space. */
    MIN_FREE_BYTES: wholeNumber(0).default(2 ** 30),
    /** Nothing is encoded beforehand below this much; by default three times MIN_FREE_BYTES. */
    WARN_FREE_BYTES: wholeNumber(0).optional(),
    /** Nothing but recordings of broadcasts on air is written below this much; by default a tenth of MIN_FREE_BYTES. */
    EMERGENCY_FREE_BYTES: wholeNumber(0).optional(),
    /** whisper-cli of whisper.cpp, and its model: speech to text. */
    WHISPER_PATH: z.string().min(1).optional(),
    WHISPER_MODEL: z.string().min(1).optional(),
    WHISPER_LANGUAGE: z
      .string()
      .regex(/^(auto|[a-z]{2,3})$/, 'must be auto, or a language such as en')
      .default('auto'),
    /** What decoders and encoders are confined by. */
    SANDBOX: z.enum(['auto', 'bwrap', 'none'], 'must be auto, bwrap or none').default('auto'),
    FFMPEG_PATH: z.string().min(1).optional(),
    FFPROBE_PATH: z.string().min(1).optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  })
  .refine(({ PORT, RTMP_PORT }) => PORT !== RTMP_PORT, {
    path: ['RTMP_PORT'],
    error: 'must be another port than PORT',
  })
  .refine(({ PORT, RTMP_PORT, RTMPS_PORT }) => RTMPS_PORT !== PORT && RTMPS_PORT !== RTMP_PORT, {
    path: ['RTMPS_PORT'],
    error: 'must be another port than PORT and RTMP_PORT',
  })
  .refine((s) => (s.WHISPER_PATH === undefined) === (s.WHISPER_MODEL === undefined), {
    path: ['WHISPER_PATH'],
    error: 'goes together with WHISPER_MODEL: set both or neither',
  })
  .refine((s) => s.WARN_FREE_BYTES === undefined || !(s.WARN_FREE_BYTES < s.MIN_FREE_BYTES), {
    path: ['WARN_FREE_BYTES'],
    error: 'must be MIN_FREE_BYTES or more',
  })
  .refine((s) => s.EMERGENCY_FREE_BYTES === undefined || !(s.EMERGENCY_FREE_BYTES > s.MIN_FREE_BYTES), {
    path: ['EMERGENCY_FREE_BYTES'],
    error: 'must be MIN_FREE_BYTES or less',
  })
  .refine((s) => s.RTMPS_PORT === undefined || (s.RTMPS_CERT !== undefined && s.RTMPS_KEY !== undefined), {
    path: ['RTMPS_PORT'],
    error: 'needs RTMPS_CERT and RTMPS_KEY: the files of the certificate and its key',
  })
  .refine((s) => s.RTMPS_PORT !== undefined || (s.RTMPS_CERT === undefined && s.RTMPS_KEY === undefined), {
    path: ['RTMPS_PORT'],
    error: 'must be set too when RTMPS_CERT or RTMPS_KEY is',
  })
