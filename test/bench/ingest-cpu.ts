/** Processor time and memory of publishers at their own pace, recording on. */
import type { Bench, BenchContext, Sample } from './bench.ts'
import { measurePaced } from './ingest-paced.ts'

const RECORDING_TARGET = 0.9
const PACKAGING_TARGET = 1.0

export const ingestCpu: Bench = {
  name: 'ingest-cpu',
  about: 'CPU and memory of publishers at pace, recording; against nginx-rtmp',
  prepare: async ({ sources }) => void (await sources.broadcast()),
  run: (context) => eachCount(context, 'recording', RECORDING_TARGET),
}

export const ingestHlsCpu: Bench = {
  name: 'ingest-hls-cpu',
  about: 'the same with packaging on; against nginx-rtmp with its HLS on',
  prepare: async ({ sources }) => void (await sources.broadcast()),
  run: (context) => eachCount(context, 'packaging', PACKAGING_TARGET),
}

async function eachCount(
  context: BenchContext,
  mode: 'recording' | 'packaging',
  target: number,
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const publishers of context.sizes.publishers)
    samples.push(...(await measurePaced(context, { mode, publishers, target })))
  return samples
}
