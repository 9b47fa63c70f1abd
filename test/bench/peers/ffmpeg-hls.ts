/** `ffmpeg -c copy -f hls`, fed one FLV through its standard input: what others package a live stream with. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** One that is this far behind does not keep up: what it costs is not what it would cost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

export interface FfmpegHls extends AsyncDisposable {
  readonly pid: number
  write(bytes: Buffer): void
  /** Resolves with the seconds of its playlist, when it has packaged everything. */
  end(): Promise<number>
}

/** Segments of `segmentSeconds` in fMP4, all of them kept, in a folder of its own. */
export async function startFfmpegHls(
  ffmpegPath: string,
  folder: string,
  segmentSeconds: number,
): Promise<FfmpegHls> {
  await mkdir(folder, { recursive: true })
  const playlist = path.join(folder, 'index.m3u8')
  const hls = ['-hls_time', String(segmentSeconds), '-hls_list_size', '0', '-hls_segment_type', 'fmp4']
  const input = ['-hide_banner', '-v', 'error', '-f', 'flv', '-i', 'pipe:0']
  const child = spawn(ffmpegPath, [...input, '-c', 'copy', '-f', 'hls', ...hls, playlist], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  await once(child, 'spawn')
  // Said when the process ends.
  child.stdin.on('error', () => undefined)
  return {
    pid: child.pid ?? 0,
    write(bytes) {
      if (child.exitCode !== null) throw new Error('ffmpeg ended before its stream did')
      if (child.stdin.writableLength > MAX_WAITING_BYTES) throw new Error('ffmpeg does not keep up')
      child.stdin.write(bytes)
    },
    async end() {
      const exited = once(child, 'exit')
      child.stdin.end()
      const [code] = await exited
      if (code !== 0) throw new Error(`ffmpeg failed with ${code}`)
      const text = await readFile(playlist, 'utf8')
      if (!text.includes('#EXT-X-ENDLIST')) throw new Error(`${playlist} is not whole`)
      return [...text.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, match) => sum + Number(match[1]), 0)
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
