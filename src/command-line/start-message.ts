/** What a person sees when the program is ready. On the first start also how to sign in and how to broadcast. */
import { ROLES } from '../config/roles.ts'
import type { Service } from '../service.ts'

export function describeStart(service: Pick<Service, 'roles' | 'site' | 'rtmpServer' | 'firstRun'>): string {
  const { roles, site, rtmpServer, firstRun } = service
  const lines = ['']
  if (roles.has('web')) lines.push(`  Reprise is ready at  ${site}`)
  if (roles.has('ingest')) lines.push(`  Broadcast to         ${rtmpServer}`)
  if (roles.size < ROLES.length) lines.push(`  Runs here            ${[...roles].join(', ')}`)
  if (firstRun) {
    lines.push(
      '',
      '  First start. Sign in with',
      `    e-mail    ${firstRun.email}`,
      `    password  ${firstRun.password}`,
      '  and broadcast from OBS (Settings, Stream, Service "Custom…") with',
      `    Server      ${firstRun.server}`,
      `    Stream Key  ${firstRun.streamKey}`,
      '  These are kept in first-run.json in the storage folder, for this user alone.',
    )
  }
  return `${lines.join('\n')}\n\n`
}
