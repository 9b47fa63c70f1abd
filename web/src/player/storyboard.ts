/** The storyboard: which small picture stands for a second, read from the server's WebVTT. */

export interface SmallPicture {
  /** Seconds. */
  readonly start: number
  readonly end: number
  /** Address of its sheet, and where it stands on it, in pixels. */
  readonly sheet: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const CUE = /^(\S+)\s+-->\s+(\S+)[^\n]*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)\s*$/

/** `address`: of the text itself, which the sheets are named relative to. What is no picture is left out. */
export function readStoryboard(text: string, address: string): readonly SmallPicture[] {
  return text
    .replaceAll('\r\n', '\n')
    .split(/\n{2,}/)
    .flatMap((block) => {
      const [, start = '', end = '', file = '', x, y, width, height] = CUE.exec(block.trim()) ?? []
      if (file === '') return []
      return {
        start: readTime(start),
        end: readTime(end),
        sheet: new URL(file, address).href,
        x: Number(x),
        y: Number(y),
        width: Number(width),
        height: Number(height),
      }
    })
}

/** The picture at a second; the last one beyond the end of them, where a broadcast has none yet. */
export function pictureAt(pictures: readonly SmallPicture[], seconds: number): SmallPicture | undefined {
  let low = 0
  let high = pictures.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((pictures[middle]?.start ?? 0) <= seconds) low = middle + 1
    else high = middle
  }
  return pictures[Math.max(0, low - 1)]
}

function readTime(time: string): number {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
