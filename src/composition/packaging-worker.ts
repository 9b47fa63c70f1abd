/** The thread that packages broadcasts (packaging/thread): started with the absolute path of the media store's folder. */
import { parentPort, workerData } from 'node:worker_threads'
import { makeBlockingWrites } from '../media/blocking-writes.ts'
import { FileStore } from '../media/file-store.ts'
import { servePackaging } from '../packaging/thread/serve-packaging.ts'

if (parentPort) servePackaging(parentPort, new FileStore(String(workerData), makeBlockingWrites()))
