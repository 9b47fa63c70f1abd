/**
 * Run by itself, to be measured together with the encoders it starts: the ladder of a 1080p source.
 *
 *     node ladder-process.ts <source.mp4> <seconds> <folder> chunks|single <ffmpeg> <ffprobe>
 *
 * `chunks`: as the workers make it, one chunk at a time on each core, stored segment by segment.
 * `single`: one ffmpeg with the same arguments for the whole file, its threads as it chooses them.
 * Prints {"wallSeconds":…,"cpuSeconds":…,"frames":…}: frames in the smallest rung.
 */
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { newVideoId } from '../../src/kernel/ids.ts'
import { makeLogger } from '../../src/kernel/logger.ts'
import { FileStore } from '../../src/media/file-store.ts'
import { mediaKeys } from '../../src/media/layout.ts'
import { parseTimeline } from '../../src/packaging/timeline.ts'
import { planChunks } from '../../src/pipeline/chunk-plan.ts'
import { runFfmpeg } from '../../src/pipeline/ffmpeg/run-ffmpeg.ts'
import { type FfmpegTools, prepareFfmpeg } from '../../src/pipeline/ffmpeg/tools.ts'
import { encodeMeasuredChunk } from '../../src/pipeline/ffmpeg/video-argv.ts'
import { lowestRung, planLadder } from '../../src/pipeline/ladder.ts'
import { openAttemptDir, type StepParts } from '../../src/pipeline/steps/step-parts.ts'
import { storeSegments } from '../../src/pipeline/steps/store-segments.ts'
import { makeMeasuredSegments } from '../../src/pipeline/steps/video-segments.ts'
import { countPackets } from '../support/ffmpeg.ts'
import { storeOriginal } from '../support/media.ts'
import { cpuSecondsWithChildren } from './process-usage.ts'
import { FRAME_RATE, GOP_SECONDS } from './sources.ts'

const [source = '', secondsText = '', folder = '', mode = '', ffmpegPath = '', ffprobePath = ''] =
  process.argv.slice(2)
const seconds = Number(secondsText)
const size = { width: 1920, height: 1080 }
const rungs = planLadder({ ...size, frameRate: FRAME_RATE }, 'measured')
const lowest = lowestRung(rungs)?.name
const { signal } = new AbortController()
const tmpDir = path.join(folder, 'tmp')
await mkdir(tmpDir, { recursive: true })
const tools = await prepareFfmpeg({ ffmpegPath, ffprobePath, tmpDir })

interface Making {
  run(): Promise<void>
  /** Of the smallest rung; asked afterwards. */
  frames(): Promise<number>
}

function makeSingle(): Making {
  const outputOf = ({ name }: { readonly name: string }) => path.join(folder, `${name}.mp4`)
  const boundaries = Array.from({ length: Math.ceil(seconds / GOP_SECONDS) }, (_, i) => i * GOP_SECONDS)
  const command = encodeMeasuredChunk({
    inputPath: source,
    picture: { ...size, matrix: '' },
    boundaries,
    rungs,
    outputOf,
    // 0: as many as ffmpeg thinks right for this machine.
    threads: 0,
    dialect: tools.dialect,
  })
  return {
    run: () => runFfmpeg(tools, command, { signal }),
    frames: () => countPackets(path.join(folder, `${lowest}.mp4`)),
  }
}

/** Storing the original comes before: packaging does it, not the workers. */
async function makeChunks(): Promise<Making> {
  const store = new FileStore(path.join(folder, 'media'))
  const videoId = newVideoId()
  await storeOriginal(store, videoId, source, {
    gopSeconds: GOP_SECONDS,
    frameRate: FRAME_RATE,
    frames: seconds * FRAME_RATE,
    ...size,
  })
  const timeline = parseTimeline((await store.read(mediaKeys.timeline(videoId)))?.toString('utf8') ?? '')
  const { closed: chunks } = planChunks(timeline.segments, { ended: true })
  const parts = partsOf(store, tools)
  const left = [...chunks]
  let frames = 0
  const work = async () => {
    for (let chunk = left.shift(); chunk; chunk = left.shift()) {
      await using dir = await openAttemptDir(tmpDir, 'chunk')
      const segments = timeline.segments.slice(chunk.firstSegment, chunk.firstSegment + chunk.segmentCount)
      const made = await makeMeasuredSegments(parts, {
        videoId,
        upload: undefined,
        timeline,
        segments,
        rungs,
        dir: dir.path,
        index: chunk.index,
        attempts: 1,
        // Other encoders compare nothing either.
        isUrgent: true,
        isLastAttempt: false,
        signal,
      })
      for (const rung of made) {
        await storeSegments(store, videoId, rung, chunk.index > 0)
        if (rung.rendition === lowest)
          frames += rung.encoded.segments.reduce((sum, segment) => sum + segment.frames, 0)
      }
    }
  }
  return {
    run: async () => void (await Promise.all(Array.from({ length: availableParallelism() }, work))),
    frames: () => Promise.resolve(frames),
  }
}

/** Only what making segments needs: there is no database here. */
function partsOf(store: FileStore, tools: FfmpegTools): StepParts {
  const parts: Pick<StepParts, 'store' | 'tools' | 'storageDir' | 'tmpDir' | 'threads' | 'logger'> = {
    store,
    tools,
    storageDir: folder,
    tmpDir,
    threads: 1,
    logger: makeLogger('error'),
  }
  return parts as StepParts
}

const making = mode === 'chunks' ? await makeChunks() : makeSingle()
const cpuBefore = cpuSecondsWithChildren(process.pid)
const startedMs = performance.now()
await making.run()
const wallSeconds = (performance.now() - startedMs) / 1000
const cpuSeconds = cpuSecondsWithChildren(process.pid) - cpuBefore
console.log(JSON.stringify({ wallSeconds, cpuSeconds, frames: await making.frames() }))
