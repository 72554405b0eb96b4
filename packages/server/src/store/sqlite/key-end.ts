/**
 * When a row of `keys` ends: by its own expiry, or sooner by a longest lifetime of its project or of its
 * policies. A time after all times when it never does. Mirrors `expiresAt` of `effectiveKey`.
 */
export const KEY_END = `min(
  coalesce(keys.expires_at, ${Number.MAX_SAFE_INTEGER}),
  coalesce(keys.created_at + 1000 * (
    SELECT max_lifetime_seconds FROM projects WHERE projects.id = keys.project_id
  ), ${Number.MAX_SAFE_INTEGER}),
  coalesce(keys.created_at + 1000 * (
    SELECT min(max_lifetime_seconds) FROM policies
    WHERE policies.id IN (SELECT value FROM json_each(keys.policy_ids))
  ), ${Number.MAX_SAFE_INTEGER}))`
