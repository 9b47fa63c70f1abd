import { describe, expect, it } from 'vitest'
import { type KeyboardFocus, nextSpeed, shortcutFor } from '../../../../web/src/player/shortcuts.ts'

const press = (key: string, focus: KeyboardFocus = 'page', modifiers = {}) =>
  shortcutFor({ key, ctrlKey: false, metaKey: false, altKey: false, ...modifiers }, focus)

describe('keyboard shortcuts', () => {
  it.each([
    [' ', { kind: 'toggle-play' }],
    ['k', { kind: 'toggle-play' }],
    ['K', { kind: 'toggle-play' }],
    ['j', { kind: 'seek-by', seconds: -10 }],
    ['l', { kind: 'seek-by', seconds: 10 }],
    ['ArrowLeft', { kind: 'seek-by', seconds: -5 }],
    ['ArrowRight', { kind: 'seek-by', seconds: 5 }],
    ['0', { kind: 'seek-to', fraction: 0 }],
    ['9', { kind: 'seek-to', fraction: 0.9 }],
    ['f', { kind: 'toggle-fullscreen' }],
    ['m', { kind: 'toggle-mute' }],
    ['<', { kind: 'speed-by', steps: -1 }],
    ['>', { kind: 'speed-by', steps: 1 }],
    ['q', undefined],
    ['Tab', undefined],
  ])('%j means %o', (key, shortcut) => expect(press(key)).toEqual(shortcut))

  it('leave typing alone', () => {
    for (const key of [' ', 'k', '5', 'ArrowLeft']) expect(press(key, 'field')).toBeUndefined()
  })

  it('leave the browser its own', () => {
    for (const modifier of ['ctrlKey', 'metaKey', 'altKey'])
      expect(press('l', 'page', { [modifier]: true })).toBeUndefined()
  })

  it('let Space press a button and arrows move a slider, and work otherwise there', () => {
    expect([press(' ', 'button'), press('ArrowLeft', 'slider')]).toEqual([undefined, undefined])
    expect([press('k', 'button'), press('j', 'slider')]).toEqual([
      { kind: 'toggle-play' },
      { kind: 'seek-by', seconds: -10 },
    ])
  })

  it('change the volume only from the player, since elsewhere up and down scroll', () => {
    expect(press('ArrowUp')).toBeUndefined()
    expect([press('ArrowUp', 'player'), press('ArrowDown', 'player')]).toEqual([
      { kind: 'volume-by', amount: 0.05 },
      { kind: 'volume-by', amount: -0.05 },
    ])
  })

  it('step through the speeds and stop at the ends', () => {
    expect([
      nextSpeed(1, 1),
      nextSpeed(1, -1),
      nextSpeed(0.25, -1),
      nextSpeed(3, 1),
      nextSpeed(1.1, 1),
    ]).toEqual([1.25, 0.75, 0.25, 3, 1.25])
  })
})
