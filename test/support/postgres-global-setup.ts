/** Runs once before the tests that need a database, and once after. */
import type { TestProject } from 'vitest/node'
import { startTestCluster } from './postgres-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `serverUrl` leads to the maintenance database; `template` is the name of the migrated one. */
    postgres: { readonly serverUrl: string; readonly template: string }
  }
}

export default async function setup(project: TestProject): Promise<() => PromiseLike<void>> {
  const cluster = await startTestCluster({ migrated: true })
  project.provide('postgres', { serverUrl: cluster.serverUrl, template: cluster.template })
  return () => cluster[Symbol.asyncDispose]()
}
