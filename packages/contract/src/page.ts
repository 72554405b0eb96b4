import { type TSchema, Type } from 'typebox'
import { Nullable } from './json-schema.ts'

export const MAX_PAGE_SIZE = 200
export const DEFAULT_PAGE_SIZE = 50

/** Query fields of every list. */
export const CursorQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_PAGE_SIZE,
      default: DEFAULT_PAGE_SIZE,
      description: 'Items per page.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]{1,200}$',
      description: 'The nextCursor of the page before; opaque.',
    }),
  ),
}

/** One page of a list: its items, and the cursor of the next page or null at the end. */
export function Page<Item extends TSchema>(item: Item, title: string) {
  return Type.Object(
    {
      items: Type.Array(item),
      nextCursor: Nullable(Type.String(), {
        description: 'Cursor of the next page; null = the end.',
      }),
    },
    { title, description: 'One page of a list.' },
  )
}
