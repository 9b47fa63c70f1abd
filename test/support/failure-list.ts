/**
 * A vitest reporter: what failed, one short paragraph each, into `test/results/failures.txt`. The runner
 * repeats it after its summary, since a log is often read by its last lines only.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

export const FAILURES_FILE = path.resolve(import.meta.dirname, '../results/failures.txt')

const MESSAGE_LINES = 6
const STACK_LINES = 3

export default class FailureList implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const paragraphs = [
      ...modules.flatMap(failuresOf),
      ...unhandled.map((error) => `unhandled error\n${described(error)}`),
    ]
    if (paragraphs.length === 0) return
    mkdirSync(path.dirname(FAILURES_FILE), { recursive: true })
    appendFileSync(FAILURES_FILE, `${paragraphs.join('\n')}\n`)
  }
}

function failuresOf(module: TestModule): string[] {
  const place = path.relative(process.cwd(), module.moduleId)
  const ofModule = module.errors().map((error) => `${place}\n${described(error)}`)
  const ofSuites = [...module.children.allSuites()].flatMap((suite) =>
    suite.errors().map((error) => `${place} > ${suite.fullName}\n${described(error)}`),
  )
  const ofTests = [...module.children.allTests('failed')].flatMap((test) =>
    (test.result().errors ?? []).map((error) => `${place} > ${test.fullName}\n${described(error)}`),
  )
  return [...ofModule, ...ofSuites, ...ofTests]
}

function described(error: SerializedError): string {
  const message = String(error.message).split('\n').slice(0, MESSAGE_LINES)
  const stack = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.trim().startsWith('at ') && !line.includes('node_modules'))
    .slice(0, STACK_LINES)
  return stripVTControlCharacters([...message, ...stack].map((line) => `    ${line.trim()}`).join('\n'))
}
