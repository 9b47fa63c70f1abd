import { readFileSync } from 'node:fs'
import path from 'node:path'
import { MulterError } from 'multer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { problem as problemShape } from '../../../src/delivery/contract/problem.ts'
import { parseInput, toProblem } from '../../../src/delivery/problem.ts'
import { AppError, ERROR_STATUS, type ErrorCode } from '../../../src/kernel/errors.ts'

const named = (name: string, properties: object) => Object.assign(new Error('x'), { name, ...properties })

describe('a problem', () => {
  it.each(Object.entries(ERROR_STATUS))(
    'for the code %s has status %i and the contract’s shape',
    (code, status) => {
      const { body, status: answered } = toProblem(new AppError(code as ErrorCode, 'Words.'))
      expect(answered).toBe(status)
      expect(problemShape.parse(body)).toEqual(body)
      expect(body).toMatchObject({ code, status, detail: 'Words.' })
    },
  )

  it.each([
    [new MulterError('LIMIT_FILE_SIZE'), 'too-large'],
    [new MulterError('LIMIT_UNEXPECTED_FILE'), 'bad-request'],
    [named('PrismaClientKnownRequestError', { code: 'P2002' }), 'conflict'],
    [named('PrismaClientKnownRequestError', { code: 'P2025' }), 'not-found'],
    [named('PrismaClientKnownRequestError', { code: 'P1001' }), 'database-unavailable'],
    [named('PrismaClientKnownRequestError', { code: 'P2003' }), 'internal'],
    [new Error('connect ENOENT /tmp/x/.s.PGSQL.5432'), 'database-unavailable'],
    [new Error('Client has encountered a connection error and is not queryable'), 'database-unavailable'],
    [
      named('PrismaClientKnownRequestError', {
        code: 'P2010',
        meta: { driverAdapterError: { cause: { originalCode: '57P01' } } },
      }),
      'database-unavailable',
    ],
    [named('PrismaClientKnownRequestError', { code: 'EPIPE' }), 'database-unavailable'],
    [named('PrismaClientKnownRequestError', { code: 'P2028' }), 'database-unavailable'],
    [named('Error', { code: 'EPIPE', syscall: 'write' }), 'internal'],
    [named('Error', { code: 'ECONNRESET', syscall: 'read' }), 'internal'],
    [named('PayloadTooLargeError', { type: 'entity.too.large', status: 413 }), 'too-large'],
    [named('SyntaxError', { type: 'entity.parse.failed', status: 400 }), 'bad-request'],
    [named('UnsupportedMediaTypeError', { type: 'charset.unsupported', status: 415 }), 'bad-request'],
    [new URIError('URI malformed'), 'bad-request'],
    [named('Error', { code: 'ENOSPC' }), 'disk-full'],
    [named('Error', { code: 'ERR_STREAM_PREMATURE_CLOSE' }), 'client-closed-request'],
    [new Error('Request aborted'), 'client-closed-request'],
    ['a thrown text', 'internal'],
    [undefined, 'internal'],
  ])('for %s is %s', (error, code) => {
    expect(toProblem(error).body.code).toBe(code)
  })

  it('tells nobody what a bug was about', () => {
    expect(JSON.stringify(toProblem(new Error('secret path /etc/x')))).not.toContain('secret')
  })

  it('says when to come back', () => {
    expect(toProblem(new AppError('not-ready', '')).headers).toEqual({ 'retry-after': '2' })
    expect(toProblem(new AppError('not-ready', '', { fields: { retryAfterSeconds: 9 } })).headers).toEqual({
      'retry-after': '9',
    })
    expect(toProblem(new AppError('not-found', '')).headers).toEqual({})
  })

  it('names every fault of the input with its path', () => {
    const shape = z.object({ a: z.number(), b: z.object({ c: z.string() }) })
    let thrown: unknown
    try {
      parseInput(shape, { a: 'x', b: {} }, 'request body')
    } catch (error) {
      thrown = error
    }
    expect(toProblem(thrown).body).toMatchObject({
      status: 422,
      faults: [
        { path: 'a', message: expect.any(String) },
        { path: 'b.c', message: expect.any(String) },
      ],
    })
  })
})

describe('docs/errors.md', () => {
  it('has every code with its status, and no other', () => {
    const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8')
    const documented = [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| \S.+ \| \S.+ \|$/gm)].map(
      ([, code, status]) => [code, Number(status)],
    )
    expect(Object.fromEntries(documented)).toEqual(ERROR_STATUS)
    expect(documented).toHaveLength(Object.keys(ERROR_STATUS).length)
  })
})
