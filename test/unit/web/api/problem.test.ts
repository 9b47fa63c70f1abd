import { describe, expect, it } from 'vitest'
import { parseProblem, unreachable, wordsFor } from '../../../../web/src/api/problem.ts'

const details = (part: object) =>
  JSON.stringify({
    type: 'about:blank',
    title: 'Invalid',
    status: 422,
    code: 'invalid-input',
    detail: 'The input is not valid.',
    ...part,
  })

describe('the words for a failed request', () => {
  it('are the server’s own', () => {
    const problem = parseProblem(422, details({ detail: 'This file is not a video.' }))
    expect([problem.code, problem.status, wordsFor(problem)]).toEqual([
      'invalid-input',
      422,
      'This file is not a video.',
    ])
  })

  it('name each fault of an input once', () => {
    expect(
      wordsFor(
        parseProblem(
          422,
          details({
            faults: [
              { path: 'title', message: 'is too long' },
              { path: '', message: 'is empty' },
            ],
          }),
        ),
      ),
    ).toBe('The input is not valid. (title: is too long; is empty)')
    const said = details({
      detail: 'title: is too long',
      faults: [{ path: 'title', message: 'is too long' }],
    })
    expect(wordsFor(parseProblem(422, said))).toBe('title: is too long')
  })

  it('are those of the sign-in library where it answers', () => {
    expect(wordsFor(parseProblem(401, '{"code":"INVALID","message":"Invalid email or password"}'))).toBe(
      'Invalid email or password',
    )
  })

  it('say what to do when a proxy answers instead', () => {
    expect(wordsFor(parseProblem(413, '<html>Request Entity Too Large</html>'))).toContain('too large')
    expect(wordsFor(parseProblem(502, ''))).toContain('Try again')
    expect(wordsFor(parseProblem(418, 'null'))).toContain('418')
  })

  it('say that there was no answer, and hide the insides of a bug', () => {
    expect(wordsFor(unreachable())).toContain('connection')
    expect(wordsFor(new TypeError('x is undefined'))).not.toContain('undefined')
  })
})
