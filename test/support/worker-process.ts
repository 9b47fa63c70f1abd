/** A worker as a process of its own, to be killed: `node worker-process.ts <database url> <storage folder>`. */
import { openTestPipeline } from './pipeline.ts'

const [url = '', storageDir = ''] = process.argv.slice(2)
const pipeline = await openTestPipeline(url, { storageDir })
await pipeline.work()
process.stdout.write('working\n')
