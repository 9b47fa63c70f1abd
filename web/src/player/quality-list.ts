/**
 * The quality menu's contents. Two lists are joined: what the video has (renditions, from the API)
 * and what the player has loaded (levels, from the multivariant playlist). They differ after a
 * broadcast: the player still holds the playlist of the live, and the qualities made since are not in it.
 */

export interface PlayableRendition {
  /** "original", "480p". */
  readonly name: string
  readonly kind: 'original' | 'video' | 'audio'
  readonly state: 'planned' | 'encoding' | 'ready' | 'failed'
  readonly width: number | null
  readonly height: number | null
  readonly frameRate: number | null
}

/** A variant stream of the loaded multivariant playlist. */
export interface LoadedLevel {
  /** `<index>-<uri>`, as video.js names it. */
  readonly id: string
  readonly width?: number | undefined
  readonly height?: number | undefined
  /** Bits per second. */
  readonly bitrate?: number | undefined
}

export const AUTO = 'auto'

export interface QualityOption {
  /** The rendition's name; or a level's id when the API knows no rendition for it. */
  readonly value: string
  readonly label: string
  /** The loaded levels it stands for. Empty: the source has to be loaded again to get it. */
  readonly levelIds: readonly string[]
}

/** Best first. Renditions that failed, and audio, are not offered; while live, only what is loaded is. */
export function qualityOptions(
  renditions: readonly PlayableRendition[],
  levels: readonly LoadedLevel[],
  live: boolean,
): QualityOption[] {
  const pictures = renditions.filter(({ kind, state }) => kind !== 'audio' && state !== 'failed')
  if (pictures.length === 0) {
    return [...levels]
      .sort(byQuality)
      .map((level) => ({ value: level.id, label: sizeLabel(level), levelIds: [level.id] }))
  }
  return (
    [...pictures]
      .sort((a, b) => Number(b.kind === 'original') - Number(a.kind === 'original') || byQuality(a, b))
      .map((rendition) => ({
        value: rendition.name,
        label: renditionLabel(rendition),
        levelIds: levelsOf(rendition, levels, pictures),
      }))
      // The player leaves out what this browser cannot decode.
      .filter(({ value, levelIds }) => levelIds.length > 0 || (!live && !codecOf(value)))
  )
}

/** Of "480p-av1": beside H.264 a rendition is named for its codec. */
function codecOf(name: string): string | undefined {
  return /^\d+p-(hevc|av1)$/.exec(name)?.[1]?.toUpperCase()
}

/** What Auto, or a choice, is playing now: the label of the option the level belongs to. */
export function playingLabel(
  options: readonly QualityOption[],
  levelId: string | undefined,
): string | undefined {
  if (levelId === undefined) return undefined
  return options.find(({ levelIds }) => levelIds.includes(levelId))?.label
}

export function renditionLabel(rendition: PlayableRendition): string {
  const codec = codecOf(rendition.name)
  if (codec) return `${rendition.name.split('-')[0]} ${codec}`
  if (rendition.kind !== 'original') return rendition.name
  const size = sizeLabel(rendition)
  return size === '' ? 'Original' : `Original (${size})`
}

function sizeLabel({
  width,
  height,
  frameRate,
}: {
  width?: number | null | undefined
  height?: number | null | undefined
  frameRate?: number | null
}): string {
  if (!width || !height) return ''
  // A phone's upright 1080x1920 is called 1080p too.
  const lines = Math.min(width, height)
  return `${lines}p${frameRate && frameRate > 32 ? Math.round(frameRate) : ''}`
}

function levelsOf(
  rendition: PlayableRendition,
  levels: readonly LoadedLevel[],
  all: readonly PlayableRendition[],
): string[] {
  const named = levels.filter(({ id }) => namesRendition(id, rendition.name))
  if (named.length > 0) return named.map(({ id }) => id)
  // No level is called so: go by the picture's size, among levels nobody is called by.
  const unclaimed = levels.filter(({ id }) => !all.some(({ name }) => namesRendition(id, name)))
  const sameSize = unclaimed.filter(
    ({ width, height }) => width === rendition.width && height === rendition.height,
  )
  if (sameSize.length < 2) return sameSize.map(({ id }) => id)
  const sorted = sameSize.sort((a, b) => (b.bitrate ?? 0) - (a.bitrate ?? 0))
  const pick = rendition.kind === 'original' ? sorted[0] : sorted.at(-1)
  return pick === undefined ? [] : [pick.id]
}

/** Whether the rendition's name is a folder or file name in the level's address. */
function namesRendition(levelId: string, name: string): boolean {
  const path = levelId.replace(/^\d+-/, '').replace(/[?#].*$/, '')
  return path.split('/').some((part) => part === name || part.replace(/\.[a-z0-9]+$/i, '') === name)
}

interface Sized {
  readonly height?: number | null | undefined
  readonly bitrate?: number | null | undefined
}

function byQuality(a: Sized, b: Sized): number {
  return (b.height ?? 0) - (a.height ?? 0) || (b.bitrate ?? 0) - (a.bitrate ?? 0)
}
