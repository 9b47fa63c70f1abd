/** Samples of several runs made into figures, and figures into tables. Pure. */
import type { Sample, Target } from './bench.ts'

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** One line of a table. */
export interface Figure {
  readonly figure: string
  readonly unit: string
  readonly runs: number
  readonly ours: Spread
  readonly peer?: { readonly name: string; readonly value: Spread }
  /** Ours to the peer's, of each run by itself: what disturbs a run disturbs both. */
  readonly ratio?: Spread
  readonly target?: Target
  /** Absent: there is no target, or no peer to hold it against. The median decides. */
  readonly met?: boolean
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const middle = sorted.length >> 1
  return {
    min: at(0),
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    max: at(sorted.length - 1),
  }
}

/** Lines in the order in which they were first measured. A run in which the peer was missing has no ratio. */
export function collate(runs: readonly (readonly Sample[])[]): readonly Figure[] {
  const byFigure = Map.groupBy(runs.flat(), ({ figure }) => figure)
  return [...byFigure].map(([figure, samples]) => {
    const [first] = samples
    const ours = spreadOf(samples.map((sample) => sample.ours))
    const compared = samples.flatMap(({ ours, peer }) => (peer ? [{ ours, peer }] : []))
    const [peered] = compared
    const ratio = peered && spreadOf(compared.map((sample) => sample.ours / sample.peer.value))
    const target = first?.target
    const judged = target?.of === 'ratio' ? ratio?.median : ours.median
    return {
      figure,
      unit: first?.unit ?? '',
      runs: samples.length,
      ours,
      ...(peered && {
        peer: { name: peered.peer.name, value: spreadOf(compared.map(({ peer }) => peer.value)) },
      }),
      ...(ratio && { ratio }),
      ...(target && { target }),
      ...(target && judged !== undefined && { met: isMet(target, judged) }),
    }
  })
}

/** Not a number is never met. */
function isMet({ atMost, atLeast }: Target, value: number): boolean {
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast)
}

const HEADINGS = ['figure', 'unit', 'ours', 'peer', 'ratio', 'target', ''] as const

/** Each value is the median, with the smallest and largest of several runs behind it. */
export function renderTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.figure,
    figure.unit,
    spreadText(figure.ours),
    figure.peer ? `${spreadText(figure.peer.value)} ${figure.peer.name}` : '',
    figure.ratio ? spreadText(figure.ratio) : '',
    figure.target ? targetText(figure.target) : '',
    figure.met === undefined ? '' : figure.met ? 'met' : 'NOT MET',
  ])
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [HEADINGS, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function targetText({ of, atMost, atLeast }: Target): string {
  const bound = atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`
  return of === 'ratio' ? `${bound} x` : bound
}

function spreadText({ min, median, max }: Spread): string {
  return min === max ? short(median) : `${short(median)} (${short(min)}-${short(max)})`
}

/** Three significant digits. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
