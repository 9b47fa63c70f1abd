/**
 * What runs in the thread of write-thread.ts, which says what the requests and the answers are: each request is
 * done at once, and answered. Plain JavaScript: what makes TypeScript of this one file would cost 10 MiB.
 */
import { openSync, writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

const memory = new Uint8Array(workerData)

parentPort.on('message', ({ open, write, writeThis }) => {
  const answers = { done: [], failed: [] }
  for (let at = 0; at < write.length; at += 4)
    attempt(answers, write[at], () => writeSync(write[at + 1], memory, write[at + 2], write[at + 3]))
  for (const { id, fd, bytes } of writeThis) attempt(answers, id, () => writeSync(fd, bytes))
  for (const { id, file } of open) attempt(answers, id, () => openSync(file, 'ax'))
  parentPort.postMessage(answers)
})

function attempt({ done, failed }, id, call) {
  try {
    done.push(id, call())
  } catch ({ message, code }) {
    failed.push({ id, message, code })
  }
}
