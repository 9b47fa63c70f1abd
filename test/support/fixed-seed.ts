/**
 * Properties are tried on the same inputs in every run, so that what passed here passes elsewhere. To search on:
 * FUZZ_SEED=$RANDOM npx vitest run --project unit; `npm run test:long` draws its own. A find becomes an example.
 */
import fc from 'fast-check'

const USUAL_SEED = 20_261_121

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? USUAL_SEED) })
