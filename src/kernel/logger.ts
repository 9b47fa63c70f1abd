/**
 * The logger every subsystem gets a child of: pino, on stderr; stdout belongs to the user. JSON lines for
 * programs, plain lines for a person at a terminal.
 *
 * Both are written before the call returns, without a worker thread: what was said last, before a crash or
 * an exit, is what somebody will look for.
 */
import { isatty } from 'node:tty'
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import { prettyFactory } from 'pino-pretty'

export type { Logger }

const STDERR = 2
/**
 * Stream keys and API tokens wherever they stand in a line: people paste them into addresses and names, and
 * what is sent is logged. Nearly right ones too, for a mistyped key is nearly the key.
 */
const SECRET = /\b(rk|rpt)_[0-9A-Za-z]{6,}/g

export interface LoggerOptions {
  /** True: for a person. By default, whether stderr is a terminal. */
  readonly forPerson?: boolean
  readonly destination?: DestinationStream
}

export function makeLogger(level: string, options: LoggerOptions = {}): Logger {
  const { forPerson = isatty(STDERR), destination = pino.destination({ dest: STDERR, sync: true }) } = options
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { streamWrite: (line) => line.replace(SECRET, '$1_[redacted]') },
      serializers: { err: withoutClient },
      redact: {
        paths: [
          'key',
          'streamKey',
          'password',
          'token',
          'authorization',
          '*.key',
          '*.password',
          '*.token',
          'headers.authorization',
          'headers.cookie',
        ],
        censor: '[redacted]',
      },
    },
    forPerson ? makeReadable(destination) : destination,
  )
}

/** A database pool hangs the whole connection on its errors, a screen long and with the key that cancels its queries. */
function withoutClient(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { client: _, ...told } = stdSerializers.err(error)
  return told
}

/** `[09:05:24] INFO: rtmp: on air {"streamName":"eve"}`, in the terminal's time zone; an error's stack on lines below. */
function makeReadable(destination: DestinationStream): DestinationStream {
  const toLine = prettyFactory({
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
    ignore: 'part',
    messageFormat: '{if part}{part}: {end}{msg}',
  })
  return { write: (json) => destination.write(toLine(json)) }
}
