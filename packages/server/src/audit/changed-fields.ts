import { isDeepStrictEqual } from 'node:util'

/**
 * What an update changed, for the audit log: the names of all changed fields, and old and new value of
 * those that carry authority.
 */
export function changedFields<T extends object>(
  before: T,
  after: T,
  authority: readonly (keyof T & string)[],
): Record<string, unknown> {
  const fields = (Object.keys(after) as (keyof T & string)[]).filter(
    (field) => field !== 'updatedAt' && !isDeepStrictEqual(before[field], after[field]),
  )
  const details: Record<string, unknown> = { fields }
  for (const field of fields) {
    if (authority.includes(field)) details[field] = { from: before[field], to: after[field] }
  }
  return details
}
