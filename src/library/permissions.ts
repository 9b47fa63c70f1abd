/**
 * The one decision: may this asker do that? Everything else asks here: API, playlists, segments,
 * pictures, search, events. Default deny; pure.
 *
 *                     anonymous   viewer   creator          admin
 *     browse          public      public   public + own¹    public + all¹
 *     watch           public, unlisted; private: the owner and admins
 *     edit … manage   no          own      own              all
 *     create          no          no       yes              yes
 *
 * ¹ what cannot be watched yet is listed only to those who may edit it.
 */
import type { UserId } from '../kernel/ids.ts'

export type PersonRole = 'viewer' | 'creator' | 'admin'
export type VideoVisibility = 'public' | 'unlisted' | 'private'

export type Asker =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'person'; readonly userId: UserId; readonly role: PersonRole }

export const ANONYMOUS: Asker = { kind: 'anonymous' }

export interface VideoSubject {
  readonly ownerId: UserId
  readonly visibility: VideoVisibility
  /** On air, or some of it can be watched. */
  readonly presentable: boolean
}

export interface OwnedSubject {
  readonly ownerId: UserId
}

/** Actions and what they are done to; `null`: to the site itself. */
export interface Actions {
  /** See it in the public lists and in search. */
  browse: VideoSubject
  /** See the page, playlists, segments and pictures of one whose address is known. */
  watch: VideoSubject
  edit: VideoSubject
  delete: VideoSubject
  /** A broadcast's health, recording and end; a video's or an upload's jobs. */
  manage: OwnedSubject
  /** Upload, publish, have stream keys. */
  create: null
  /** Everybody's videos and jobs. */
  administer: null
}

export type Action = keyof Actions

const isAdmin = (asker: Asker) => asker.kind === 'person' && asker.role === 'admin'
const owns = (asker: Asker, subject: OwnedSubject) =>
  isAdmin(asker) || (asker.kind === 'person' && asker.userId === subject.ownerId)

const RULES: { readonly [A in Action]: (asker: Asker, subject: Actions[A]) => boolean } = {
  browse: (asker, video) => video.visibility === 'public' && (video.presentable || owns(asker, video)),
  watch: (asker, video) => video.visibility !== 'private' || owns(asker, video),
  edit: owns,
  delete: owns,
  manage: owns,
  create: (asker) => asker.kind === 'person' && (asker.role === 'creator' || asker.role === 'admin'),
  administer: isAdmin,
}

export function may<A extends Action>(asker: Asker, action: A, subject: Actions[A]): boolean {
  return RULES[action](asker, subject)
}

/** What may be listed of one owner's videos, as a filter for the database: any of these. */
export type VideoCase = Pick<VideoSubject, 'visibility' | 'presentable'>

export interface VideoFilter {
  /** Who `own` speaks of; undefined: nobody. */
  readonly userId: UserId | undefined
  readonly own: readonly VideoCase[]
  readonly others: readonly VideoCase[]
}

const CASES: readonly VideoCase[] = (['public', 'unlisted', 'private'] as const).flatMap((visibility) =>
  [true, false].map((presentable) => ({ visibility, presentable })),
)
/** An owner no asker is. */
const SOMEBODY_ELSE = '' as UserId

/** The decision `may` takes for single videos, asked for every kind of video there is. */
export function listable(asker: Asker, scope: 'public' | 'mine' | 'all'): VideoFilter {
  const userId = asker.kind === 'person' ? asker.userId : undefined
  const action = scope === 'public' ? 'browse' : 'edit'
  const casesOf = (ownerId: UserId) => CASES.filter((kind) => may(asker, action, { ...kind, ownerId }))
  return {
    userId,
    own: userId === undefined ? [] : casesOf(userId),
    others: scope === 'mine' ? [] : casesOf(SOMEBODY_ELSE),
  }
}
