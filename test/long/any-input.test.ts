/** Every kind of input through the whole pipeline, and what has to come out of it: the table of test/support/golden. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { CLOCKS } from '../support/golden/clocks.ts'
import { CODECS } from '../support/golden/codecs.ts'
import { COLOURS } from '../support/golden/colours.ts'
import { DAMAGE } from '../support/golden/damage.ts'
import { expectGolden } from '../support/golden/golden-test.ts'
import { PICTURES } from '../support/golden/pictures.ts'
import { openTestPipeline, type TestPipeline } from '../support/pipeline.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let db: TestDatabase
let pipeline: TestPipeline
let worker: AsyncDisposable
beforeAll(async () => {
  db = await createTestDatabase()
  pipeline = await openTestPipeline(db.url, { sandbox: 'auto', beside: true })
  worker = await pipeline.work()
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await pipeline?.[Symbol.asyncDispose]()
  await db?.[Symbol.asyncDispose]()
})

describe.each([
  ['codecs and containers', CODECS],
  ['pictures', PICTURES],
  ['colours', COLOURS],
  ['clocks', CLOCKS],
  ['damage', DAMAGE],
])('of %s', (_, inputs) => {
  it.each(inputs.map((input) => [input.title, input] as const))(
    '%s comes out as it went in',
    async (_title, input) => {
      await expectGolden(pipeline, input)
    },
  )
})
