/**
 * `npm run migration:new -- <name>`: writes prisma/migrations/<time>_<name>/migration.sql with what schema.prisma
 * has and the migrations have not. Read it before committing it.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { MIGRATIONS_DIR } from '../../src/database/migrations.ts'
import { startTestCluster } from './postgres-cluster.ts'
import { diffMigrationsToSchema } from './schema-engine.ts'

const name = process.argv[2]
if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('Give the migration a name: npm run migration:new -- add_captions')
  process.exitCode = 1
} else {
  await using cluster = await startTestCluster({ migrated: false })
  const script = await diffMigrationsToSchema(cluster.serverUrl)
  if (script) {
    // 2026-11-21T07:40:05.000Z becomes 20261121074005, as Prisma names them.
    const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
    const dir = path.join(MIGRATIONS_DIR, `${time}_${name}`)
    mkdirSync(dir, { recursive: true })
    writeFileSync(path.join(dir, 'migration.sql'), script)
    console.log(`Written: ${path.relative(process.cwd(), dir)}/migration.sql`)
  } else {
    console.log('schema.prisma has nothing that the migrations have not.')
  }
}
