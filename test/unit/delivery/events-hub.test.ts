import { describe, expect, it, onTestFinished } from 'vitest'
import { EventsHub } from '../../../src/delivery/events-hub.ts'
import type { VideoId } from '../../../src/kernel/ids.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import type { CatalogueChange } from '../../../src/library/catalogue-changes.ts'
import { ANONYMOUS } from '../../../src/library/permissions.ts'
import type { VideoRecord } from '../../../src/library/video-record.ts'

describe('the hub of events', () => {
  it('parts with a listener who does not read, and with no other', async () => {
    let change: (change: CatalogueChange) => void = () => {}
    const hub = new EventsHub({
      changes: {
        subscribe: (listener) => {
          change = listener
          return () => {}
        },
      },
      videos: {
        find: async (id) =>
          ({
            id,
            visibility: 'public',
            state: 'ready',
            playable: true,
            channel: { ownerId: 'x' },
          }) as VideoRecord,
      },
      broadcasts: { find: async () => undefined, search: async () => [] },
      showVideo: (video) => ({ id: video.id }) as never,
      showBroadcast: () => ({}) as never,
      log: makeLogger('silent'),
    })
    onTestFinished(() => hub[Symbol.asyncDispose]())
    const sink = (writableLength: number) => ({
      written: '',
      destroyed: false,
      writableLength,
      write(text: string) {
        this.written += text
        return true
      },
      end() {},
      destroy() {
        this.destroyed = true
      },
    })
    const [reads, stuck] = [sink(0), sink(10 * 1024 * 1024)]
    hub.join(ANONYMOUS, reads, undefined)
    hub.join(ANONYMOUS, stuck, undefined)
    change({ kind: 'video', videoId: 'v' as VideoId })
    await expect
      .poll(() => reads.written, { timeout: 8000 })
      .toBe('event: video\ndata: {"type":"video","video":{"id":"v"}}\n\n')
    expect([stuck.destroyed, stuck.written, reads.destroyed, hub.size]).toEqual([true, '', false, 1])
  })
})
