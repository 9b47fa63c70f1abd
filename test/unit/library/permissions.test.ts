/** The one decision about who may do what, for every kind of asker, video and action. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UserId } from '../../../src/kernel/ids.ts'
import { ANONYMOUS, type Asker, listable, may, type VideoSubject } from '../../../src/library/permissions.ts'

const OWNER = 'owner' as UserId
const askers = {
  anonymous: ANONYMOUS,
  viewer: { kind: 'person', userId: 'v' as UserId, role: 'viewer' },
  'other creator': { kind: 'person', userId: 'c' as UserId, role: 'creator' },
  owner: { kind: 'person', userId: OWNER, role: 'creator' },
  'owner who is a viewer now': { kind: 'person', userId: OWNER, role: 'viewer' },
  admin: { kind: 'person', userId: 'a' as UserId, role: 'admin' },
} as const satisfies Record<string, Asker>
type Who = keyof typeof askers
const OWNERS: readonly Who[] = ['owner', 'owner who is a viewer now', 'admin']
const ALL = Object.keys(askers) as Who[]

const video = (visibility: VideoSubject['visibility'], presentable = true): VideoSubject => ({
  ownerId: OWNER,
  visibility,
  presentable,
})
const allowed = (question: (asker: Asker) => boolean) => ALL.filter((who) => question(askers[who]))

describe('may', () => {
  it.each([
    ['public', ALL],
    ['unlisted', ALL],
    ['private', OWNERS],
  ] as const)('lets watch a %s video: %s', (visibility, who) => {
    expect(allowed((asker) => may(asker, 'watch', video(visibility)))).toEqual(who)
  })

  it.each([
    ['public', true, ALL],
    ['public', false, OWNERS],
    ['unlisted', true, []],
    ['private', true, []],
  ] as const)('lists a %s video (presentable: %s) in public to %s', (visibility, presentable, who) => {
    expect(allowed((asker) => may(asker, 'browse', video(visibility, presentable)))).toEqual(who)
  })

  it.each(['edit', 'delete'] as const)(
    'lets owners and administrators %s, whatever the visibility',
    (action) => {
      for (const visibility of ['public', 'unlisted', 'private'] as const) {
        expect(allowed((asker) => may(asker, action, video(visibility)))).toEqual(OWNERS)
      }
    },
  )

  it('lets owners and administrators manage broadcasts and jobs', () => {
    expect(allowed((asker) => may(asker, 'manage', { ownerId: OWNER }))).toEqual(OWNERS)
  })

  it('lets creators and administrators make something', () => {
    expect(allowed((asker) => may(asker, 'create', null))).toEqual(['other creator', 'owner', 'admin'])
  })

  it('lets administrators administer', () => {
    expect(allowed((asker) => may(asker, 'administer', null))).toEqual(['admin'])
  })
})

describe('a list’s filter', () => {
  it('lists exactly what may be browsed, edited or administered one by one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ALL),
        fc.constantFrom('public', 'mine', 'all' as const),
        fc.constantFrom('public', 'unlisted', 'private' as const),
        fc.boolean(),
        (who, scope, visibility, presentable) => {
          const asker = askers[who]
          const filter = listable(asker, scope)
          const own = filter.userId === OWNER
          const cases = own ? filter.own : filter.others
          const listed = cases.some(
            (kind) => kind.visibility === visibility && kind.presentable === presentable,
          )
          const subject = video(visibility, presentable)
          const one = may(asker, scope === 'public' ? 'browse' : 'edit', subject)
          // "Mine" is narrower for administrators: of what they may edit, their own.
          expect(listed).toBe(one && (scope !== 'mine' || own))
        },
      ),
    )
  })
})
