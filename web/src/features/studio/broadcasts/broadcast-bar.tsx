/** The broadcast as a bar: when an encoder was connected, and when it was away. */
import { Tooltip } from '@mantine/core'
import type { Broadcast } from '../../../../../src/delivery/contract/broadcasts.ts'
import classes from './broadcast-bar.module.css'
import { broadcastBar } from './timeline.ts'

export function BroadcastBar({ broadcast, now }: { readonly broadcast: Broadcast; readonly now: number }) {
  const pieces = broadcastBar(broadcast, now)
  const away = pieces.filter(({ kind }) => kind === 'away').length
  const words =
    away === 0 ? 'Connected all the time' : `The encoder was away ${away === 1 ? 'once' : `${away} times`}`
  return (
    <div className={classes.bar} role="img" aria-label={words} data-testid="broadcast-bar" data-away={away}>
      {pieces.map((piece, i) => (
        // Pieces have no name but their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: they are never moved
        <Tooltip key={i} label={piece.words} withArrow>
          <div className={classes[piece.kind]} style={{ flexGrow: piece.share * 1000 }} />
        </Tooltip>
      ))}
    </div>
  )
}
