/** What the head of a video's page says to crawlers and messengers. https://ogp.me */
import type { Video } from '../contract/videos.ts'

const MAX_DESCRIPTION_LENGTH = 300

/** `video`: as anybody may see it. */
export function videoMeta(video: Video, publicUrl: string): string {
  const page = `${publicUrl}/watch/${video.id}`
  const description = video.description.slice(0, MAX_DESCRIPTION_LENGTH) || `On ${video.channel.name}`
  const properties: readonly (readonly [string, string | undefined])[] = [
    ['og:site_name', 'Reprise'],
    ['og:type', 'video.other'],
    ['og:url', page],
    ['og:title', video.title],
    ['og:description', description],
    ['og:image', video.playback.poster ? `${publicUrl}${video.playback.poster}` : undefined],
    [
      'video:duration',
      video.durationSeconds === null ? undefined : String(Math.round(video.durationSeconds)),
    ],
  ]
  const lines = properties.flatMap(([name, content]) =>
    content === undefined ? [] : [`<meta property="${name}" content="${escapeHtml(content)}">`],
  )
  lines.push(
    `<meta name="description" content="${escapeHtml(description)}">`,
    `<link rel="canonical" href="${escapeHtml(page)}">`,
  )
  if (video.visibility !== 'public') lines.push('<meta name="robots" content="noindex">')
  return [`<title>${escapeHtml(video.title)} · Reprise</title>`, ...lines].join('\n')
}

/** Puts it at the end of the head; its title replaces the page's. */
export function injectHead(page: string, head: string): string {
  // Functions, since a "$&" in somebody's title must not be read as a pattern.
  return page.replace(/<title>[^<]*<\/title>/i, '').replace(/<\/head>/i, () => `${head}\n</head>`)
}

export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (char) => names[char] ?? char)
}
