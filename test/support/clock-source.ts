/** A broadcast whose pictures say which they are: twelve stripes, black or white, the bits of the frame's number. */
import { ffmpeg } from './ffmpeg.ts'

export const CLOCK_FRAME_RATE = 30
export const CLOCK_BITS = 12

/** FLV with a tone and a keyframe every 2 s. */
export async function makeClockSource(file: string, seconds: number, size = '320x180'): Promise<void> {
  const stripes = `geq=lum='255*mod(floor(N/pow(2,floor(X*${CLOCK_BITS}/W))),2)':cb=128:cr=128`
  const gop = String(2 * CLOCK_FRAME_RATE)
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `color=size=${size}:rate=${CLOCK_FRAME_RATE}:duration=${seconds},${stripes}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', gop, '-keyint_min', gop],
    ...['-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'flv', file],
  )
}

/** What a page shows now; run in the page. Undefined before the first picture. */
export function readClock(bits: number): number | undefined {
  const video = document.querySelector('video')
  if (!video || video.readyState < 2) return undefined
  const canvas = new OffscreenCanvas(bits * 10, 10)
  const context = canvas.getContext('2d')
  context?.drawImage(video, 0, 0, canvas.width, canvas.height)
  let frame = 0
  for (let bit = 0; bit < bits; bit += 1) {
    const [red = 0] = context?.getImageData(bit * 10 + 5, 5, 1, 1).data ?? []
    if (red > 128) frame += 2 ** bit
  }
  return frame
}
