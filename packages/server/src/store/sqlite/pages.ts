import type { PageRequest } from '../key-store.ts'

/** Rows after the cursor, newest first. A row value, so that SQLite seeks in the index at any depth. */
export const AFTER_CURSOR = '(created_at, id) < (@at, @id)'
export const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC LIMIT @limit'
/** The `+` keeps the index of the list in use instead of one on this condition. */
export const LIVE_PROJECT = '+project_id IN (SELECT id FROM projects WHERE deleted_at IS NULL)'
/** A place before the newest row. */
const START = { at: Number.MAX_SAFE_INTEGER, id: '' }

export function pageParameters({ limit, cursor }: PageRequest) {
  return { limit, ...(cursor ?? START) }
}
