/**
 * Whether a card should move: a mouse rests on it, and its owner has nothing against motion. The picture is
 * loaded only then.
 */
import { type PointerEvent, useEffect, useRef, useState } from 'react'

/** Passing over a card on the way to another moves nothing. */
const REST_MS = 250

export function useMovingPreview(): {
  readonly moving: boolean
  readonly handlers: {
    readonly onPointerEnter: (event: PointerEvent) => void
    readonly onPointerLeave: () => void
  }
} {
  const [moving, setMoving] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return {
    moving,
    handlers: {
      onPointerEnter(event) {
        if (event.pointerType !== 'mouse') return
        if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
        timer.current = setTimeout(() => setMoving(true), REST_MS)
      },
      onPointerLeave() {
        clearTimeout(timer.current)
        setMoving(false)
      },
    },
  }
}
