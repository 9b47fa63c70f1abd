import { expect, it } from 'vitest'
import {
  CHUNK_ARROWS,
  type ChunkState,
  isSettled,
  LEASE_MS,
  LEASE_RENEW_MS,
  mayBecome,
} from '../../../src/pipeline/chunk-states.ts'

const STATES = Object.keys(CHUNK_ARROWS) as ChunkState[]

it('has exactly the arrows of the diagram', () => {
  const arrows = STATES.flatMap((from) =>
    STATES.filter((to) => mayBecome(from, to)).map((to) => `${from} → ${to}`),
  )
  expect(arrows).toEqual([
    'waiting → encoding',
    'waiting → failed',
    'encoding → waiting',
    'encoding → ready',
    'encoding → failed',
    'failed → waiting',
  ])
})

it('never takes back what is ready', () => {
  expect(STATES.some((to) => mayBecome('ready', to))).toBe(false)
  expect(STATES.filter(isSettled)).toEqual(['ready', 'failed'])
})

it('gives a living worker several chances to renew its lease', () => {
  expect(LEASE_MS / LEASE_RENEW_MS).toBeGreaterThanOrEqual(3)
})
