/** How much each benchmark does. `--quick` is for seeing that they work: its figures mean nothing. */
export interface Sizes {
  /** Publishers at once; each a case of its own. */
  readonly publishers: readonly number[]
  /** Measured time of the paced benchmarks. */
  readonly seconds: number
  /** Pushed before measuring begins: connections, compilation, first pictures. */
  readonly warmupSeconds: number
  readonly flatOutGigabytes: number
  /** Viewers at once; each a case of its own, for each protocol. */
  readonly viewers: readonly number[]
  readonly viewerSeconds: number
  readonly segmentSeconds: number
  /** Segments of 2 MiB that fit into our memory, and that do not. */
  readonly hotSegments: number
  readonly coldSegments: number
  readonly broadcastSeconds: number
  readonly uploadMinutes: number
  readonly ladderSeconds: number
  readonly workersSeconds: number
  /** Turns of an encoder that are measured, and chunks of the video that waits meanwhile, in each of its rungs. */
  readonly queueTurns: number
  readonly longVideoChunks: number
  /** Folder of the node-media-server package, when it is not in node_modules. */
  readonly nodeMediaServer?: string
}

export const FULL_SIZES: Sizes = {
  publishers: [50, 10, 1],
  seconds: 20,
  warmupSeconds: 3,
  flatOutGigabytes: 1,
  viewers: [50, 200],
  viewerSeconds: 8,
  segmentSeconds: 4,
  hotSegments: 16,
  coldSegments: 96,
  broadcastSeconds: 20,
  uploadMinutes: 10,
  ladderSeconds: 30,
  workersSeconds: 64,
  queueTurns: 100,
  longVideoChunks: 4500,
}

export const QUICK_SIZES: Sizes = {
  publishers: [3],
  seconds: 3,
  warmupSeconds: 2.5,
  flatOutGigabytes: 0.05,
  viewers: [3],
  viewerSeconds: 2,
  segmentSeconds: 0.5,
  hotSegments: 4,
  coldSegments: 40,
  broadcastSeconds: 6,
  uploadMinutes: 0.5,
  ladderSeconds: 10,
  workersSeconds: 16,
  queueTurns: 6,
  longVideoChunks: 10,
}
