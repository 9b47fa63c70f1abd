/** Tests by what they need: nothing (unit, architecture), real Postgres and ffmpeg (integration), a browser (e2e), much time or other programs (long). */
import { defineConfig } from 'vitest/config'

const POSTGRES = './test/support/postgres-global-setup.ts'
const FIXED_SEED = './test/support/fixed-seed.ts'

export default defineConfig({
  test: {
    reporters: ['default', './test/support/failure-list.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          setupFiles: [FIXED_SEED],
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'architecture',
          include: ['test/architecture/**/*.test.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          setupFiles: [FIXED_SEED],
          globalSetup: [POSTGRES],
          // Only what never comes takes so long: on a busy machine everything else comes late, but it comes.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
          // Real encoders and servers: more at once only makes each other late.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          globalSetup: [POSTGRES],
          testTimeout: 60 * 60_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
