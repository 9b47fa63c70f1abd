/** `reprise rebuild <video>`: everything of a video made again from its recording or its uploaded file. */
import type { Command } from 'commander'
import { AppError } from '../kernel/errors.ts'
import type { VideoId } from '../kernel/ids.ts'
import { PRIORITY } from '../pipeline/job-kinds.ts'
import { withCatalogue } from './catalogue-session.ts'

export function addRebuildCommand(program: Command): void {
  program
    .command('rebuild <video...>')
    .description(
      'make everything of a video again from its recording or uploaded file; done by a running server',
    )
    .action(async (ids: string[]) => {
      await withCatalogue(async ({ videoStore, queue, site }) => {
        for (const id of ids) {
          const video = await videoStore.find(id as VideoId)
          if (!video)
            throw new AppError(
              'not-found',
              `There is no video ${id}. Its id is the last part of its address.`,
            )
          if (video.state === 'live')
            throw new AppError('conflict', `"${video.title}" is on air: end the broadcast first.`)
          await queue.send([
            { kind: 'rebuild-video', priority: PRIORITY.replay.lead, data: { videoId: video.id } },
          ])
          process.stdout.write(`"${video.title}" will be rebuilt: ${site}/watch/${video.id}\n`)
        }
      })
    })
}
