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
    'waiting → deferred',
    'encoding → waiting',
    'encoding → ready',
    'encoding → failed',
    'encoding → deferred',
    'ready → encoding',
    'failed → waiting',
    'deferred → waiting',
    'deferred → encoding',
    'deferred → failed',
  ])
})

it('takes back what is ready only by holding it like an encoder does', () => {
  expect(STATES.filter((to) => mayBecome('ready', to))).toEqual(['encoding'])
  expect(STATES.filter(isSettled)).toEqual(['ready', 'failed', 'deferred'])
})

it('gives a living worker several chances to renew its lease', () => {
  expect(LEASE_MS / LEASE_RENEW_MS).toBeGreaterThanOrEqual(3)
})
