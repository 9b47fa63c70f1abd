/** Workers on the wire. */
import { z } from 'zod'

export const worker = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    version: z.string(),
    state: z.enum(['working', 'unfit', 'draining', 'drained', 'silent']).meta({
      description:
        'working: takes jobs. unfit: its self-test failed, and is tried again. draining: hands back what it has. drained: takes nothing until it is resumed. silent: not heard of for a while; its work goes to others.',
    }),
    trouble: z.string().nullable().meta({ description: 'Why it takes no jobs.' }),
    drain: z.boolean().meta({ description: 'An administrator wants it to take nothing.' }),
    kinds: z.array(z.string()).meta({ description: 'Kinds of jobs it takes.' }),
    encoders: z.array(z.string()).meta({ description: 'ffmpeg’s names of what it encodes with.' }),
    concurrency: z.int().meta({ description: 'Encodes at once.' }),
    running: z.int().meta({ description: 'Jobs it is at.' }),
    processors: z.int(),
    load: z
      .number()
      .meta({ description: 'Processes of its machine that want a processor, average of a minute.' }),
    freeBytes: z.int(),
    startedAt: z.iso.datetime(),
    seenAt: z.iso.datetime(),
  })
  .meta({ id: 'Worker' })

export const workerList = z.object({ items: z.array(worker) }).meta({ id: 'WorkerList' })

export type Worker = z.infer<typeof worker>
export type WorkerList = z.infer<typeof workerList>
