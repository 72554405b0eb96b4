import { invalidField } from '../errors.ts'
import type { PageRequest } from '../store/key-store.ts'

const CURSOR = /^(\d{1,16})\.([0-9a-z]{1,16})$/

/** The place after the last item of a page: opaque outside, time and id inside. */
export function encodeCursor(place: { at: number; id: string }): string {
  return Buffer.from(`${place.at}.${place.id}`).toString('base64url')
}

export function decodeCursor(cursor: string | undefined): PageRequest['cursor'] {
  if (cursor === undefined) return null
  const [, at, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (at === undefined || id === undefined) {
    throw invalidField('cursor', 'send the nextCursor of the page before, unchanged')
  }
  return { at: Number(at), id }
}

/**
 * One page out of up to `limit + 1` records: the extra one only tells that there is a next page.
 */
export function toPage<Record, Item>(
  records: Record[],
  limit: number,
  place: (record: Record) => { at: number; id: string },
  present: (record: Record) => Item,
): { items: Item[]; nextCursor: string | null } {
  const shown = records.slice(0, limit)
  const last = shown.at(-1)
  const more = records.length > limit && last !== undefined
  return { items: shown.map(present), nextCursor: more ? encodeCursor(place(last)) : null }
}
