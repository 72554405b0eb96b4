import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ApiError } from '../errors.ts'
import { decodeCursor, encodeCursor, toPage } from './cursor.ts'

const ID = '0123456789abcdef'

test('a cursor leads back to its place', () => {
  const at = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  const id = fc.string({
    unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz'),
    minLength: 1,
    maxLength: 16,
  })
  fc.assert(
    fc.property(at, id, (at, id) => {
      const cursor = encodeCursor({ at, id })
      expect(cursor).toMatch(/^[A-Za-z0-9_-]{1,200}$/)
      expect(decodeCursor(cursor)).toEqual({ at, id })
    }),
  )
})

test('no cursor is the beginning', () => {
  expect(decodeCursor(undefined)).toBeNull()
})

const base64url = (text: string) => Buffer.from(text).toString('base64url')

test.each(
  [
    ['', 'x', 'AAAA', base64url('1'), base64url(`1.`), base64url(`.${ID}`)],
    [base64url(`-1.${ID}`), base64url(`1.${ID}0`), base64url(`1.5.${ID}`), base64url(`1e9.${ID}`)],
    [base64url(`1.${ID}\n`), base64url(` 1.${ID}`), base64url(`1.${ID.toUpperCase()}`)],
    [base64url(`12345678901234567.${ID}`), base64url("1.' OR 1=1"), base64url('1.\u0000')],
  ].flat(),
)('%j is no cursor', (cursor) => {
  const decode = () => decodeCursor(cursor)
  expect(decode).toThrow(ApiError)
  expect(decode).toThrow('cursor')
})

test('a page shows no more than its limit, and has a next one exactly when there is more', () => {
  fc.assert(
    fc.property(fc.nat({ max: 9 }), fc.integer({ min: 1, max: 8 }), (count, limit) => {
      // As a store answers when it is asked for one more than the limit.
      const records = Array.from({ length: Math.min(count, limit + 1) }, (_, index) => index)
      const place = (record: number) => ({ at: 100 - record, id: `a${record}` })
      const page = toPage(records, limit, place, (record) => ({ record }))
      const shown = Math.min(count, limit)
      expect(page.items).toEqual(records.slice(0, shown).map((record) => ({ record })))
      const next = count > limit ? place(shown - 1) : null
      expect(decodeCursor(page.nextCursor ?? undefined)).toEqual(next)
    }),
  )
})
