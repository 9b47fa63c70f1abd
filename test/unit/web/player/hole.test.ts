import { expect, it } from 'vitest'
import { afterHole } from '../../../../web/src/player/hole.ts'

it('steps over a small hole to the next picture', () => {
  expect(afterHole(12, [12.078, 20])).toBeCloseTo(12.088)
  expect(afterHole(12, [20, 12.078])).toBeCloseTo(12.088)
})

it('leaves a large hole to be filled, and what has no picture after it', () => {
  expect(afterHole(12, [13])).toBeUndefined()
  expect(afterHole(12, [0.067])).toBeUndefined()
  expect(afterHole(12, [])).toBeUndefined()
})
