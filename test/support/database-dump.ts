/** Everything in a database as text, and the notifications it sends. */
import pg from 'pg'

/** One text for each table, its rows in order, by "schema.table". */
export async function dumpDatabase(url: string, schemas: readonly string[]): Promise<Map<string, string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE' ORDER BY 1`,
      [schemas],
    )
    const dump = new Map<string, string>()
    for (const { name } of rows) {
      const table = await client.query<{ text: string | null }>(
        `SELECT string_agg(t::text, E'\\n' ORDER BY t::text) AS text FROM ${name} t`,
      )
      dump.set(name, table.rows[0]?.text ?? '')
    }
    return dump
  } finally {
    await client.end()
  }
}

export interface Notifications extends AsyncDisposable {
  /** All so far, in order; whatever was committed before the call is among them. */
  heard(): Promise<readonly string[]>
}

const MARK = 'mark '

export async function hearNotifications(url: string, channel: string): Promise<Notifications> {
  const client = new pg.Client({ connectionString: url })
  const payloads: string[] = []
  const waiting = new Map<string, () => void>()
  client.on('notification', ({ payload = '' }) => {
    if (payload.startsWith(MARK)) waiting.get(payload)?.()
    else payloads.push(payload)
  })
  await client.connect()
  await client.query(`LISTEN ${channel}`)
  let marks = 0
  return {
    async heard() {
      marks += 1
      const mark = `${MARK}${marks}`
      const marked = new Promise<void>((resolve) => waiting.set(mark, resolve))
      // Notifications come in the order of their commits.
      await client.query('SELECT pg_notify($1, $2)', [channel, mark])
      await marked
      return [...payloads]
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}
