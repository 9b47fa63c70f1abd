/** The sole reader of process.env. */
export type Env = Readonly<Record<string, string | undefined>>

export function readEnv(): Env {
  return process.env
}
