/** The logger every subsystem gets a child of: pino, JSON lines on stderr; stdout belongs to the user. */
import { type Logger, pino } from 'pino'

export type { Logger }

export function makeLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
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
    pino.destination({ dest: 2, sync: true }),
  )
}
