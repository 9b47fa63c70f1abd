/** Guessing passwords is made slow. In a file of its own: the count is of the whole program. */
import { expect, it } from 'vitest'
import { jsonOf, startTestSite } from '../../support/delivery.ts'

it('an address that signs in too often has to wait, whatever it says its address is', async () => {
  await using site = await startTestSite()
  const statuses: number[] = []
  let last: Response | undefined
  for (let i = 0; i < 25; i += 1) {
    last = await site.fetch('/api/auth/sign-in/email', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': `10.0.0.${i}`,
        'x-reprise-peer': `10.0.1.${i}`,
      },
      body: '{"email":"nobody@example.org","password":"guess guess"}',
    })
    statuses.push(last.status)
  }
  expect(statuses.filter((status) => status === 401)).toHaveLength(20)
  expect(last?.status).toBe(429)
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(last && (await jsonOf(last))).toMatchObject({ code: 'too-many-requests' })
})
