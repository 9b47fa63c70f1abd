/** Memory that is really held: what remains after a collection, not what the system has lent meanwhile. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes on the heap and in buffers. */
export async function heldBytes(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    collect()
    // Closed handles let go of theirs a turn later.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
