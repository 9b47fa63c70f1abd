/** What was asked for on the command line. */
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench } from './bench.ts'
import { FULL_SIZES, QUICK_SIZES, type Sizes } from './sizes.ts'

const USAGE = `npm run bench [-- options] [name…]

  --runs <n>           at most this often each; 3 by default
  --limit <seconds>    no further run is begun that would end later than this; 90 by default
  --quick              tiny: to see that everything works. Its figures mean nothing
  --publishers <n,n>   --seconds <n>   --warmup <n>   --viewers <n,n> --upload-minutes <n>
  --node-media-server <folder>   where that package is installed, when not in node_modules
  --json               everything measured, as JSON on stdout
  --list               the names
`

export interface BenchOptions {
  readonly runs: number
  readonly limitSeconds: number
  readonly sizes: Sizes
  readonly json: boolean
  /** False: too little is done for targets to apply. */
  readonly judged: boolean
  readonly chosen: readonly Bench[]
}

/** Undefined: everything asked for was said. Throws with a message for the person at the keyboard. */
export function readOptions(argv: readonly string[], benches: readonly Bench[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '3' },
      limit: { type: 'string', default: '90' },
      quick: { type: 'boolean', default: false },
      publishers: { type: 'string' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      viewers: { type: 'string' },
      'upload-minutes': { type: 'string' },
      'node-media-server': { type: 'string' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || values.list) {
    const lines = benches.map(({ name, about }) => `  ${name.padEnd(24)}${about}`)
    process.stdout.write(`${values.help ? `${USAGE}\n` : ''}${lines.join('\n')}\n`)
    return undefined
  }
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length > 0)
    throw new Error(
      `There is no benchmark "${unknown.join('", "')}". There are: ${benches.map(({ name }) => name).join(', ')}.`,
    )
  const base = values.quick ? QUICK_SIZES : FULL_SIZES
  return {
    runs: positive('--runs', values.runs),
    limitSeconds: positive('--limit', values.limit),
    json: values.json,
    judged: !values.quick,
    chosen: benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    sizes: {
      ...base,
      ...(values.publishers && {
        publishers: values.publishers.split(',').map((count) => Math.round(positive('--publishers', count))),
      }),
      ...(values.seconds && { seconds: positive('--seconds', values.seconds) }),
      ...(values.warmup && { warmupSeconds: positive('--warmup', values.warmup) }),
      ...(values.viewers && {
        viewers: values.viewers.split(',').map((count) => Math.round(positive('--viewers', count))),
      }),
      ...(values['upload-minutes'] && {
        uploadMinutes: positive('--upload-minutes', values['upload-minutes']),
      }),
      ...(values['node-media-server'] && { nodeMediaServer: path.resolve(values['node-media-server']) }),
    },
  }
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${option}: "${text}" is not a number above 0.`)
  return value
}
