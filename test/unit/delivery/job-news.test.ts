import { expect, it, vi } from 'vitest'
import type { ServerEvent } from '../../../src/delivery/contract/events.ts'
import { followJobs } from '../../../src/delivery/job-news.ts'
import type { UserId, VideoId } from '../../../src/kernel/ids.ts'
import { makeLogger } from '../../../src/kernel/logger.ts'
import type { JobRecord } from '../../../src/pipeline/job-catalogue.ts'

const OWNER = 'owner' as UserId
const VIDEO = 'video' as VideoId

function job(state: JobRecord['state'], percent: number | null): JobRecord {
  return {
    id: 'job',
    kind: 'encode-chunk',
    videoId: VIDEO,
    videoTitle: 'A video',
    subject: '240p',
    state,
    priority: 1,
    attempts: 1,
    reason: null,
    log: null,
    why: null,
    percent,
    speed: null,
    secondsLeft: null,
    createdAt: new Date(0),
    startedAt: null,
    finishedAt: null,
  }
}

it('tells who may manage a video how far its jobs are, when it changed, and that they ended', async () => {
  const told: ServerEvent[] = []
  let running: JobRecord[] = [job('running', 10)]
  const looks = vi.fn(async () => running.map((one) => ({ job: one, ownerId: OWNER })))
  let hasPeople = false
  await using _ = followJobs({
    jobs: { running: looks, progressOf: async () => ({ job: job('done', null), ownerId: OWNER }) },
    hub: {
      get hasPeople() {
        return hasPeople
      },
      tellManagers: (subject, event) => {
        expect(subject).toEqual({ ownerId: OWNER, videoId: VIDEO })
        told.push(event)
      },
    },
    log: makeLogger('silent'),
    lookMs: 1,
  })
  const percents = () =>
    told.map((event) => (event.type === 'job' ? (event.job.percent ?? event.job.state) : event.type))
  hasPeople = true
  await expect.poll(() => looks.mock.calls.length).toBeGreaterThan(3)
  expect(percents()).toEqual([10])
  running = [job('running', 60)]
  await expect.poll(percents).toEqual([10, 60])
  running = []
  await expect.poll(percents).toEqual([10, 60, 'done'])
})
