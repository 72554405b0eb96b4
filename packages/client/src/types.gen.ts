// Generated from docs/reference/openapi.json by `npm run generate`. Do not edit.
/**
 * Every code of a problem document.
 */
export type ErrorCode =
  | "invalid_request"
  | "secret_in_url"
  | "unauthenticated"
  | "missing_permission"
  | "route_not_found"
  | "key_not_found"
  | "project_not_found"
  | "policy_not_found"
  | "quota_not_found"
  | "reservation_not_found"
  | "token_not_found"
  | "request_timeout"
  | "key_revoked"
  | "id_taken"
  | "secret_taken"
  | "id_mismatch"
  | "name_taken"
  | "overlap_running"
  | "no_overlap"
  | "deletion_protected"
  | "policy_in_use"
  | "project_in_use"
  | "secret_not_replayable"
  | "idempotency_in_flight"
  | "edit_conflict"
  | "precondition_failed"
  | "too_large"
  | "unsupported_media_type"
  | "policy_violation"
  | "idempotency_mismatch"
  | "rate_limited"
  | "headers_too_large"
  | "internal"
  | "storage_unavailable"
  | "overloaded"
  | "draining";
/**
 * Every code of a verdict.
 */
export type VerdictCode =
  | "valid"
  | "malformed"
  | "unknown"
  | "revoked"
  | "disabled"
  | "not_yet_valid"
  | "expired"
  | "ip_required"
  | "ip_not_allowed"
  | "missing_permission"
  | "model_required"
  | "model_not_allowed"
  | "rate_limited"
  | "quota_exhausted";

/**
 * One change, written in the same transaction as the change.
 */
export interface AuditEvent {
  /**
   * Number of the event: 1, 2, 3 ... without gaps.
   */
  id: number;
  /**
   * When the change was made.
   */
  at: string;
  /**
   * What was done.
   */
  action:
    | "project.created"
    | "project.updated"
    | "project.deleted"
    | "key.created"
    | "key.imported"
    | "key.updated"
    | "key.disabled"
    | "key.enabled"
    | "key.rotated"
    | "key.overlap_set"
    | "key.revoked"
    | "key.quota_set"
    | "policy.created"
    | "policy.updated"
    | "policy.deleted"
    | "token.created"
    | "token.revoked";
  /**
   * Who did it.
   */
  actor: {
    /**
     * A management token, a command on the machine itself, or the service.
     */
    kind: "token" | "local" | "system";
    /**
     * Id of the token; local or system.
     */
    id: string;
  };
  /**
   * What was changed.
   */
  target: {
    /**
     * Kind.
     */
    kind: "project" | "key" | "policy" | "token";
    /**
     * Id.
     */
    id: string;
  };
  /**
   * Id of the project, or null.
   */
  project: string | null;
  /**
   * x-request-id of the request, or null.
   */
  requestId: string | null;
  /**
   * What changed, by field; never a secret or a digest.
   */
  details: {
    [k: string]: unknown;
  };
  /**
   * SHA-256 over the event and the hash of the event before it, in hex.
   */
  hash: string;
}
/**
 * One page of a list.
 */
export interface AuditEventPage {
  items: AuditEvent[];
  /**
   * Cursor of the next page; null = the end.
   */
  nextCursor: string | null;
}
/**
 * A new key. With id and secretSha256 the caller minted the secret; otherwise the server does.
 */
export interface CreateKey {
  /**
   * A name for people: the application or team member the key is for.
   */
  name: string;
  /**
   * Free-text id of the person or application the key is for. Grants nothing.
   */
  owner?: string | null;
  /**
   * Notes for people.
   */
  description?: string | null;
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions?: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels?: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist?: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits?: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most. `requests` is charged 1 by every valid request, any other name what the request says in cost or reserve.
   */
  quotas?: {
    [k: string]: Quota;
  };
  /**
   * Policies of the key, 8 at most: their permissions and limits apply as well.
   *
   * @maxItems 8
   *
   * Items: Id of a policy of the same project.
   */
  policyIds?: string[];
  /**
   * Up to 64 strings, 4 KiB in all; returned by every verification of the key. Never put a secret here.
   */
  metadata?: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * Up to 64 strings for grouping; not returned by verifications.
   */
  tags?: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * The key is not yet valid before this time; null = valid at once.
   */
  notBefore?: string | null;
  /**
   * At this time the key no longer works; null = never.
   */
  expiresAt?: string | null;
  /**
   * The expiry as a number of days from now; not together with expiresAt.
   */
  expiresInDays?: number;
  /**
   * How the key is rotated; null = on demand.
   */
  rotation?: Rotation | null;
  /**
   * Who declares the key: terraform, or null. Recorded, not enforced.
   */
  managedBy?: "terraform" | null;
  /**
   * Refuses revocation until it is switched off or overridden. Disabling always works.
   */
  deletionProtection?: boolean;
  /**
   * Id or name of the project; default: the project of the token, else the project named default.
   */
  project?: string;
  /**
   * Fixed at creation and kept by rotation; the kind part of the secret.
   */
  environment?: "live" | "test";
  /**
   * Default true.
   */
  enabled?: boolean;
  /**
   * Public id of a secret that the caller minted; only with secretSha256.
   */
  id?: string;
  /**
   * SHA-256 of the whole secret in lower-case hex, when the caller mints it; the secret itself never travels.
   */
  secretSha256?: string;
}
/**
 * A limit that may be lost on a restart: so much per window, without an edge.
 */
export interface RateLimit {
  /**
   * How much may pass at once, and how much comes back evenly within the window.
   */
  limit: number;
  /**
   * Length of the window in seconds, 31 days at most.
   */
  windowSeconds: number;
}
/**
 * A durable budget: exact, kept over restarts, charged before the answer.
 */
export interface Quota {
  /**
   * The most that may be used within a period.
   */
  limit: number;
  /**
   * When the count starts again, at 00:00 UTC: never, each day, on Monday, or on the 1st of the month.
   */
  period: "none" | "day" | "week" | "month";
  /**
   * What exceeds the limit is refused.
   */
  onExceed?: "block";
}
/**
 * How the key is rotated.
 */
export interface Rotation {
  /**
   * A rotation is due this long after the last one; null = on demand.
   */
  everySeconds: number | null;
  /**
   * How long the old secret works after a rotation that does not say otherwise.
   */
  overlapSeconds: number;
}
/**
 * A new policy.
 */
export interface CreatePolicy {
  /**
   * A name for people, unique within the project.
   */
  name: string;
  /**
   * Id or name of the project; default: the project of the token, else the project named default.
   */
  project?: string;
  /**
   * Notes for people.
   */
  description?: string | null;
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions?: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels?: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist?: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits?: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most. `requests` is charged 1 by every valid request, any other name what the request says in cost or reserve.
   */
  quotas?: {
    [k: string]: Quota;
  };
  /**
   * Keys end this long after they were created, whatever their own expiry says; null = unlimited.
   */
  maxLifetimeSeconds?: number | null;
}
/**
 * A new project.
 */
export interface CreateProject {
  /**
   * Unique name: lower-case letters, digits, dot, hyphen and underscore.
   */
  name: string;
  /**
   * Notes for people.
   */
  description?: string | null;
  /**
   * First part of the secrets of this project. A change affects secrets issued from then on.
   */
  brand?: string;
  /**
   * Refuses deletion until it is switched off. Default true.
   */
  deletionProtection?: boolean;
  /**
   * Rate limits by name, 8 at most, for keys that set none of their own and have no policy that sets any.
   */
  defaultRateLimits?: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most, for keys that set none of their own and have no policy that sets any.
   */
  defaultQuotas?: {
    [k: string]: Quota;
  };
  /**
   * Keys end this long after they were created, whatever their own expiry says; null = unlimited.
   */
  maxLifetimeSeconds?: number | null;
  /**
   * The AI models that exist, for forms. A key may name others: the answer warns. Empty = nothing is said about models.
   *
   * @maxItems 200
   *
   * Items: A model name, or a prefix and a final *. Case matters.
   */
  models?: string[];
  /**
   * The catalogue of special permissions, for forms.
   *
   * @maxItems 50
   */
  specialPermissions?: SpecialPermission[];
  /**
   * The ways in which Terraform may deliver secrets; null = all.
   *
   * @minItems 1
   */
  allowedDelivery?: ("sealed" | "handoff" | "state" | "none" | "own")[] | null;
  /**
   * What becomes of a reservation that is neither settled nor released in time. Default released.
   */
  reservationExpiry?: "released" | "charged";
}
/**
 * A permission that forms offer by its label.
 */
export interface SpecialPermission {
  /**
   * A permission that the key holds, such as jobs:write or jobs:*.
   */
  name: string;
  /**
   * What people read.
   */
  label: string;
}
/**
 * A new management token. It never holds more than the calling token.
 */
export interface CreateToken {
  /**
   * A name for people: what the token is for.
   */
  name: string;
  /**
   * Rights on this API, and the permissions of issued keys that the token may hand out; [] gives no right.
   *
   * @maxItems 100
   *
   * Items: A right on this API (keys:write), a permission the token may hand out (jobs:*), or * for all permissions of issued keys.
   */
  permissions: string[];
  /**
   * Id or name of the only project it may touch. Default: that of the calling token, else all.
   */
  project?: string;
  /**
   * Expiry; null or absent = that of the calling token, else never.
   */
  expiresAt?: string | null;
  /**
   * The expiry as a number of days from now; not together with expiresAt.
   */
  expiresInDays?: number;
}
/**
 * What holds for the key with its policies and the defaults of its project: verifications decide by this.
 */
export interface EffectiveKey {
  /**
   * Permissions of the key and of its policies.
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions: string[];
  /**
   * AI models that all lists of the key and its policies allow: null = all, [] = none.
   */
  allowedModels: string[] | null;
  /**
   * Addresses that all lists of the key and its policies allow: null = everywhere, [] = nowhere.
   */
  ipAllowlist: string[] | null;
  /**
   * Every rate limit that applies.
   */
  rateLimits: EffectiveRateLimit[];
  /**
   * Every quota that applies.
   */
  quotas: EffectiveQuota[];
  /**
   * When the key really ends: its own expiry, or sooner by a longest lifetime.
   */
  expiresAt: string | null;
}
/**
 * A rate limit that applies to the key.
 */
export interface EffectiveRateLimit {
  /**
   * What is counted: lower-case letters, digits and underscores, 32 at most.
   */
  name: string;
  /**
   * Where the limit comes from. Each source counts for itself, per key.
   */
  source: {
    /**
     * What sets it.
     */
    kind: "key" | "policy" | "project";
    /**
     * Id of the key, the policy or the project that sets it.
     */
    id: string;
  };
  /**
   * How much may pass at once, and how much comes back evenly within the window.
   */
  limit: number;
  /**
   * Length of the window in seconds, 31 days at most.
   */
  windowSeconds: number;
}
/**
 * A quota that applies to the key.
 */
export interface EffectiveQuota {
  /**
   * What is counted: lower-case letters, digits and underscores, 32 at most.
   */
  name: string;
  /**
   * Where the limit comes from. Each source counts for itself, per key.
   */
  source: {
    /**
     * What sets it.
     */
    kind: "key" | "policy" | "project";
    /**
     * Id of the key, the policy or the project that sets it.
     */
    id: string;
  };
  /**
   * The most that may be used within a period.
   */
  limit: number;
  /**
   * When the count starts again, at 00:00 UTC: never, each day, on Monday, or on the 1st of the month.
   */
  period: "none" | "day" | "week" | "month";
  /**
   * What exceeds the limit is refused.
   */
  onExceed: "block";
  /**
   * What was charged in the present period.
   */
  used: number;
  /**
   * What open reservations of the present period hold.
   */
  reserved: number;
  /**
   * When the count starts again; null = never.
   */
  resetsAt: string | null;
}
/**
 * One line of an import: a key that was issued elsewhere, by the SHA-256 of its string.
 */
export interface ImportKey {
  /**
   * A name for people: the application or team member the key is for.
   */
  name: string;
  /**
   * Free-text id of the person or application the key is for. Grants nothing.
   */
  owner?: string | null;
  /**
   * Notes for people.
   */
  description?: string | null;
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions?: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels?: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist?: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits?: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most. `requests` is charged 1 by every valid request, any other name what the request says in cost or reserve.
   */
  quotas?: {
    [k: string]: Quota;
  };
  /**
   * Policies of the key, 8 at most: their permissions and limits apply as well.
   *
   * @maxItems 8
   *
   * Items: Id of a policy of the same project.
   */
  policyIds?: string[];
  /**
   * Up to 64 strings, 4 KiB in all; returned by every verification of the key. Never put a secret here.
   */
  metadata?: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * Up to 64 strings for grouping; not returned by verifications.
   */
  tags?: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * The key is not yet valid before this time; null = valid at once.
   */
  notBefore?: string | null;
  /**
   * At this time the key no longer works; null = never.
   */
  expiresAt?: string | null;
  /**
   * The expiry as a number of days from now; not together with expiresAt.
   */
  expiresInDays?: number;
  /**
   * How the key is rotated; null = on demand.
   */
  rotation?: Rotation | null;
  /**
   * Who declares the key: terraform, or null. Recorded, not enforced.
   */
  managedBy?: "terraform" | null;
  /**
   * Refuses revocation until it is switched off or overridden. Disabling always works.
   */
  deletionProtection?: boolean;
  /**
   * Fixed at creation and kept by rotation; the kind part of the secret.
   */
  environment?: "live" | "test";
  /**
   * Default true.
   */
  enabled?: boolean;
  /**
   * SHA-256 of the whole string that callers present, in lower-case hex.
   */
  secretSha256: string;
  /**
   * First characters of the string, shown in lists. Everybody who may read keys sees them: leave it out for short strings.
   */
  start?: string;
}
/**
 * What became of each line.
 */
export interface ImportReport {
  /**
   * Lines that made a key.
   */
  imported: number;
  /**
   * Lines whose string the project held before.
   */
  existing: number;
  /**
   * Lines of which nothing was written.
   */
  refused: number;
  /**
   * One entry per line that is not empty, in their order.
   */
  lines: {
    /**
     * Number of the line, from 1.
     */
    line: number;
    /**
     * imported = a new key; existing = the project holds this string, nothing was changed; refused = see code.
     */
    outcome: "imported" | "existing" | "refused";
    /**
     * With imported and existing: id of the key.
     */
    keyId?: string;
    /**
     * With refused: an error code.
     */
    code?: string;
    /**
     * With refused: what is wrong. Never a submitted value.
     */
    detail?: string;
    /**
     * With invalid_request: each wrong field.
     */
    fields?: {
      /**
       * Where, such as permissions/0.
       */
      path: string;
      /**
       * What is wrong and the fix.
       */
      message: string;
    }[];
  }[];
}
/**
 * A key and its new secret.
 */
export interface IssuedKey {
  key: Key;
  /**
   * The secret, shown only in this answer. Absent when the caller minted it and sent its SHA-256.
   */
  secret?: string;
  /**
   * What was done and may be a mistake, such as a model that the project does not list. Absent when there is nothing to say.
   */
  warnings?: string[];
}
/**
 * An API key: everything but its secret.
 */
export interface Key {
  /**
   * Public id of the key: part of its secrets, kept by rotation, safe to print.
   */
  id: string;
  /**
   * A name for people: the application or team member the key is for.
   */
  name: string;
  /**
   * Id of the project.
   */
  project: string;
  /**
   * Free-text id of the person or application the key is for. Grants nothing.
   */
  owner: string | null;
  /**
   * Fixed at creation and kept by rotation; the kind part of the secret.
   */
  environment: "live" | "test";
  /**
   * Notes for people.
   */
  description: string | null;
  /**
   * False while the key is disabled.
   */
  enabled: boolean;
  /**
   * What a verification would find now, before addresses, permissions and models.
   */
  status: "active" | "disabled" | "expired" | "revoked" | "not_yet_valid";
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits: {
    [k: string]: RateLimit;
  };
  /**
   * The quotas of the key itself by name, and what was used of them.
   */
  quotas: {
    [k: string]: KeyQuota;
  };
  /**
   * Policies of the key, 8 at most: their permissions and limits apply as well.
   *
   * @maxItems 8
   *
   * Items: Id of a policy of the same project.
   */
  policyIds: string[];
  effective: EffectiveKey;
  /**
   * Up to 64 strings, 4 KiB in all; returned by every verification of the key. Never put a secret here.
   */
  metadata: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * Up to 64 strings for grouping; not returned by verifications.
   */
  tags: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * The key is not yet valid before this time; null = valid at once.
   */
  notBefore: string | null;
  /**
   * At this time the key no longer works; null = never.
   */
  expiresAt: string | null;
  /**
   * How the key is rotated; null = on demand.
   */
  rotation: Rotation | null;
  /**
   * True when rotation.everySeconds have passed.
   */
  rotationDue: boolean;
  /**
   * Version of the present secret (epoch ms).
   */
  secretVersion: number;
  /**
   * The present secret, and the older one until it is replaced; newest first.
   */
  secrets: SecretVersion[];
  /**
   * True while the present secret is an imported one; a rotation ends that.
   */
  imported: boolean;
  /**
   * Who declares the key: terraform, or null. Recorded, not enforced.
   */
  managedBy: "terraform" | null;
  /**
   * Refuses revocation until it is switched off or overridden. Disabling always works.
   */
  deletionProtection: boolean;
  /**
   * Last valid verification of any of its secrets, up to a second late.
   */
  lastUsedAt: string | null;
  /**
   * When the key was created.
   */
  createdAt: string;
  /**
   * When the key was last changed.
   */
  updatedAt: string;
  /**
   * The revocation, which may lie in the future; null = not revoked.
   */
  revoked: Revocation | null;
}
/**
 * A quota of the key itself, and what was used of it.
 */
export interface KeyQuota {
  /**
   * The most that may be used within a period.
   */
  limit: number;
  /**
   * When the count starts again, at 00:00 UTC: never, each day, on Monday, or on the 1st of the month.
   */
  period: "none" | "day" | "week" | "month";
  /**
   * What exceeds the limit is refused.
   */
  onExceed: "block";
  /**
   * What was charged in the present period.
   */
  used: number;
  /**
   * What open reservations of the present period hold.
   */
  reserved: number;
  /**
   * When the count starts again; null = never.
   */
  resetsAt: string | null;
}
/**
 * Facts about one secret of a key; never the secret.
 */
export interface SecretVersion {
  /**
   * Epoch milliseconds of the moment it was issued; strictly rising within a key.
   */
  version: number;
  /**
   * When this secret was issued.
   */
  createdAt: string;
  /**
   * End of the overlap of an older secret; null for the present one.
   */
  endsAt: string | null;
  /**
   * Last valid verification, up to a second late; null = never.
   */
  lastUsedAt: string | null;
  /**
   * Who made the secret: the server, the caller (who sent its SHA-256), or an import.
   */
  mintedBy: "server" | "client" | "import";
  /**
   * First characters of an imported string, where its owner gave them; else null.
   */
  start: string | null;
}
/**
 * When, by whom and why a key was revoked.
 */
export interface Revocation {
  /**
   * From this time on the key is refused, for ever.
   */
  at: string;
  /**
   * Id of the token that revoked it.
   */
  by: string;
  /**
   * The reason that was given.
   */
  reason: string | null;
}
/**
 * A management token and its secret.
 */
export interface IssuedToken {
  token: Token;
  /**
   * The secret of the token, shown only in this answer.
   */
  secret: string;
}
/**
 * A management token: everything but its secret.
 */
export interface Token {
  /**
   * Public id of the token: part of its secret, safe to print.
   */
  id: string;
  /**
   * A name for people: what the token is for.
   */
  name: string;
  /**
   * Rights on this API, and the permissions of issued keys that the token may hand out; [] gives no right.
   *
   * @maxItems 100
   *
   * Items: A right on this API (keys:write), a permission the token may hand out (jobs:*), or * for all permissions of issued keys.
   */
  permissions: string[];
  /**
   * Id of the only project it may touch; null = all.
   */
  project: string | null;
  /**
   * Whether it works now.
   */
  status: "active" | "expired" | "revoked";
  /**
   * When the token was created.
   */
  createdAt: string;
  /**
   * Id of the token that created it, local or bootstrap.
   */
  createdBy: string;
  /**
   * At this time the token no longer works; null = never.
   */
  expiresAt: string | null;
  /**
   * Last accepted request, up to a second late.
   */
  lastUsedAt: string | null;
  /**
   * When it was revoked, or null.
   */
  revokedAt: string | null;
}
/**
 * One page of a list.
 */
export interface KeyPage {
  items: Key[];
  /**
   * Cursor of the next page; null = the end.
   */
  nextCursor: string | null;
}
/**
 * The process is alive.
 */
export interface Live {
  /**
   * Always true: the event loop turns.
   */
  live: boolean;
}
/**
 * Facts about this installation.
 */
export interface Meta {
  /**
   * Version of the service.
   */
  version: string;
  /**
   * Id of this installation.
   */
  instanceId: string;
  /**
   * Time of the server.
   */
  time: string;
  /**
   * What this version can do.
   */
  features: string[];
  /**
   * Bounds of this installation.
   */
  limits: {
    /**
     * Largest limit of a list.
     */
    maxPageSize: number;
    /**
     * Largest body of a request.
     */
    maxBodyBytes: number;
    /**
     * Longest lease of a verdict.
     */
    maxLeaseMs: number;
    /**
     * Longest lifetime of a key in days; null = unlimited.
     */
    keyMaxDays: number | null;
    /**
     * Lifetime of a key that names none; null = it never expires.
     */
    keyDefaultDays: number | null;
  };
  /**
   * First part of new secrets in the project that was asked about; without one, in the project of the token, else in the default project.
   */
  brand: string;
  /**
   * off when the project that was asked about (without one: a visible project) holds imported keys, whose strings have any shape.
   */
  precheck: "on" | "off";
  /**
   * Number of visible keys with a rotation due.
   */
  rotationsDue: number;
}
/**
 * Permissions and limits for many keys. Permissions add up; lists of models and addresses are the intersection of all that are set; every limit applies, counted per key; the shortest lifetime counts.
 */
export interface Policy {
  /**
   * Id of the policy.
   */
  id: string;
  /**
   * Id of the project.
   */
  project: string;
  /**
   * A name for people, unique within the project.
   */
  name: string;
  /**
   * Notes for people.
   */
  description: string | null;
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most. `requests` is charged 1 by every valid request, any other name what the request says in cost or reserve.
   */
  quotas: {
    [k: string]: Quota;
  };
  /**
   * Keys end this long after they were created, whatever their own expiry says; null = unlimited.
   */
  maxLifetimeSeconds: number | null;
  /**
   * Number of keys that have it and are not revoked.
   */
  keys: number;
  /**
   * When the policy was created.
   */
  createdAt: string;
  /**
   * When the policy was last changed.
   */
  updatedAt: string;
}
/**
 * One page of a list.
 */
export interface PolicyPage {
  items: Policy[];
  /**
   * Cursor of the next page; null = the end.
   */
  nextCursor: string | null;
}
/**
 * RFC 9457 problem details.
 */
export interface Problem {
  /**
   * Stable name of the kind of problem.
   */
  type: string;
  /**
   * The kind of problem in words.
   */
  title: string;
  /**
   * The HTTP status.
   */
  status: number;
  /**
   * What happened and how to mend it. Never a submitted value.
   */
  detail?: string;
  /**
   * urn of this very answer.
   */
  instance: string;
  /**
   * Stable code for programs.
   */
  code: string;
  /**
   * x-request-id of the answer; quote it in reports.
   */
  requestId: string;
  /**
   * With invalid_request: each wrong field.
   */
  fields?: {
    /**
     * Where, such as permissions/0.
     */
    path: string;
    /**
     * What is wrong and the fix.
     */
    message: string;
  }[];
  /**
   * Id of the key that the conflict is about.
   */
  keyId?: string;
  /**
   * With secret_not_replayable: the version to name in replaces.
   */
  secretVersion?: number;
  /**
   * With overlap_running: the secrets that work.
   */
  secrets?: {
    /**
     * Version of the secret.
     */
    version: number;
    /**
     * Its end, or null.
     */
    endsAt: string | null;
    /**
     * Last use, or null.
     */
    lastUsedAt: string | null;
  }[];
}
/**
 * A namespace of keys.
 */
export interface Project {
  /**
   * Id of the project.
   */
  id: string;
  /**
   * Unique name: lower-case letters, digits, dot, hyphen and underscore.
   */
  name: string;
  /**
   * Notes for people.
   */
  description: string | null;
  /**
   * First part of the secrets of this project. A change affects secrets issued from then on.
   */
  brand: string;
  /**
   * False = every key of the project is refused.
   */
  enabled: boolean;
  /**
   * Refuses deletion until it is switched off. Default true.
   */
  deletionProtection: boolean;
  /**
   * Rate limits by name, 8 at most, for keys that set none of their own and have no policy that sets any.
   */
  defaultRateLimits: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most, for keys that set none of their own and have no policy that sets any.
   */
  defaultQuotas: {
    [k: string]: Quota;
  };
  /**
   * Keys end this long after they were created, whatever their own expiry says; null = unlimited.
   */
  maxLifetimeSeconds: number | null;
  /**
   * The AI models that exist, for forms. A key may name others: the answer warns. Empty = nothing is said about models.
   *
   * @maxItems 200
   *
   * Items: A model name, or a prefix and a final *. Case matters.
   */
  models: string[];
  /**
   * The catalogue of special permissions, for forms.
   *
   * @maxItems 50
   */
  specialPermissions: SpecialPermission[];
  /**
   * The ways in which Terraform may deliver secrets; null = all.
   *
   * @minItems 1
   */
  allowedDelivery: ("sealed" | "handoff" | "state" | "none" | "own")[] | null;
  /**
   * What becomes of a reservation that is neither settled nor released in time. Default released.
   */
  reservationExpiry: "released" | "charged";
  /**
   * When the project was created.
   */
  createdAt: string;
  /**
   * When the project was last changed.
   */
  updatedAt: string;
}
/**
 * One page of a list.
 */
export interface ProjectPage {
  items: Project[];
  /**
   * Cursor of the next page; null = the end.
   */
  nextCursor: string | null;
}
/**
 * Whether the service takes requests.
 */
export interface Ready {
  /**
   * True when requests are served.
   */
  ready: boolean;
  /**
   * State of the storage.
   */
  storage: "ok" | "unavailable";
  /**
   * True while the process stops.
   */
  draining: boolean;
}
/**
 * A reservation that has ended. charged = what counts, released = what was given back, dropped = what counts nowhere, because the quota was set anew since.
 */
export interface Reservation {
  /**
   * Id of the reservation.
   */
  id: string;
  /**
   * Id of the key.
   */
  keyId: string;
  /**
   * How it ended, which is final: settled, released, or expired when neither came in time.
   */
  state: "settled" | "released" | "expired";
  /**
   * Amounts by name, 8 at most.
   */
  charged: {
    /**
     * A whole amount from 0 to 2^53 - 1.
     */
    [k: string]: number;
  };
  /**
   * Amounts by name, 8 at most.
   */
  released: {
    /**
     * A whole amount from 0 to 2^53 - 1.
     */
    [k: string]: number;
  };
  /**
   * Amounts by name, 8 at most.
   */
  dropped: {
    /**
     * A whole amount from 0 to 2^53 - 1.
     */
    [k: string]: number;
  };
  /**
   * True when more was charged than was reserved. The quota may be exceeded by it.
   */
  overrun: boolean;
  /**
   * When it ended.
   */
  endedAt: string;
}
/**
 * How to revoke a key.
 */
export interface RevokeKey {
  /**
   * Why, for the audit log.
   */
  reason?: string;
  /**
   * Revoke this long from now. Default 0: at once.
   */
  afterSeconds?: number;
  /**
   * Revoke although deletion protection is on; needs the permission keys:override_protection.
   */
  overrideProtection?: boolean;
}
/**
 * How to rotate a key. There is no field for rights: a rotation never changes them.
 */
export interface RotateKey {
  /**
   * How long the present secret goes on working; 0 ends all older secrets. Default: that of the key, else 24 hours.
   */
  overlapSeconds?: number;
  /**
   * Version of the present secret when its answer was lost: it ends at once, and the older secret keeps its end.
   */
  replaces?: number;
  /**
   * The id inside the secret that the caller minted; must be that of the key.
   */
  id?: string;
  /**
   * SHA-256 of the whole secret in lower-case hex, when the caller mints it; the secret itself never travels.
   */
  secretSha256?: string;
}
/**
 * Moves the end of the older secret while an overlap runs.
 */
export interface SetOverlap {
  /**
   * The older secret ends this long from now; 0 = now.
   */
  overlapSeconds: number;
}
/**
 * Sets what counts as used in the present period. Reservations that are open no longer hold anything.
 */
export interface SetQuotaUsed {
  /**
   * What is counted: lower-case letters, digits and underscores, 32 at most.
   */
  name: string;
  /**
   * A whole amount from 0 to 2^53 - 1.
   */
  used: number;
  /**
   * The policy whose quota is meant; default: the quota of the key itself, else of the project.
   */
  policyId?: string;
}
/**
 * What was really used, by the names that were reserved. A name left out is charged as it was reserved.
 */
export interface SettleReservation {
  /**
   * Amounts by name, 8 at most.
   */
  cost: {
    /**
     * A whole amount from 0 to 2^53 - 1.
     */
    [k: string]: number;
  };
}
/**
 * One page of a list.
 */
export interface TokenPage {
  items: Token[];
  /**
   * Cursor of the next page; null = the end.
   */
  nextCursor: string | null;
}
/**
 * The key as it is now.
 */
export interface UpdatedKey {
  /**
   * Public id of the key: part of its secrets, kept by rotation, safe to print.
   */
  id: string;
  /**
   * A name for people: the application or team member the key is for.
   */
  name: string;
  /**
   * Id of the project.
   */
  project: string;
  /**
   * Free-text id of the person or application the key is for. Grants nothing.
   */
  owner: string | null;
  /**
   * Fixed at creation and kept by rotation; the kind part of the secret.
   */
  environment: "live" | "test";
  /**
   * Notes for people.
   */
  description: string | null;
  /**
   * False while the key is disabled.
   */
  enabled: boolean;
  /**
   * What a verification would find now, before addresses, permissions and models.
   */
  status: "active" | "disabled" | "expired" | "revoked" | "not_yet_valid";
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits: {
    [k: string]: RateLimit;
  };
  /**
   * The quotas of the key itself by name, and what was used of them.
   */
  quotas: {
    [k: string]: KeyQuota;
  };
  /**
   * Policies of the key, 8 at most: their permissions and limits apply as well.
   *
   * @maxItems 8
   *
   * Items: Id of a policy of the same project.
   */
  policyIds: string[];
  effective: EffectiveKey;
  /**
   * Up to 64 strings, 4 KiB in all; returned by every verification of the key. Never put a secret here.
   */
  metadata: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * Up to 64 strings for grouping; not returned by verifications.
   */
  tags: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * The key is not yet valid before this time; null = valid at once.
   */
  notBefore: string | null;
  /**
   * At this time the key no longer works; null = never.
   */
  expiresAt: string | null;
  /**
   * How the key is rotated; null = on demand.
   */
  rotation: Rotation | null;
  /**
   * True when rotation.everySeconds have passed.
   */
  rotationDue: boolean;
  /**
   * Version of the present secret (epoch ms).
   */
  secretVersion: number;
  /**
   * The present secret, and the older one until it is replaced; newest first.
   */
  secrets: SecretVersion[];
  /**
   * True while the present secret is an imported one; a rotation ends that.
   */
  imported: boolean;
  /**
   * Who declares the key: terraform, or null. Recorded, not enforced.
   */
  managedBy: "terraform" | null;
  /**
   * Refuses revocation until it is switched off or overridden. Disabling always works.
   */
  deletionProtection: boolean;
  /**
   * Last valid verification of any of its secrets, up to a second late.
   */
  lastUsedAt: string | null;
  /**
   * When the key was created.
   */
  createdAt: string;
  /**
   * When the key was last changed.
   */
  updatedAt: string;
  /**
   * The revocation, which may lie in the future; null = not revoked.
   */
  revoked: Revocation | null;
  /**
   * What was done and may be a mistake, such as a model that the project does not list. Absent when there is nothing to say.
   */
  warnings?: string[];
}
/**
 * The fields to change; absent ones stay. Never touches a secret.
 */
export interface UpdateKey {
  /**
   * A name for people: the application or team member the key is for.
   */
  name?: string;
  /**
   * Free-text id of the person or application the key is for. Grants nothing.
   */
  owner?: string | null;
  /**
   * Notes for people.
   */
  description?: string | null;
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions?: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels?: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist?: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits?: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most. `requests` is charged 1 by every valid request, any other name what the request says in cost or reserve.
   */
  quotas?: {
    [k: string]: Quota;
  };
  /**
   * Policies of the key, 8 at most: their permissions and limits apply as well.
   *
   * @maxItems 8
   *
   * Items: Id of a policy of the same project.
   */
  policyIds?: string[];
  /**
   * Up to 64 strings, 4 KiB in all; returned by every verification of the key. Never put a secret here.
   */
  metadata?: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * Up to 64 strings for grouping; not returned by verifications.
   */
  tags?: {
    /**
     * Value
     */
    [k: string]: string;
  };
  /**
   * The key is not yet valid before this time; null = valid at once.
   */
  notBefore?: string | null;
  /**
   * At this time the key no longer works; null = never.
   */
  expiresAt?: string | null;
  /**
   * The expiry as a number of days from now; not together with expiresAt.
   */
  expiresInDays?: number;
  /**
   * How the key is rotated; null = on demand.
   */
  rotation?: Rotation | null;
  /**
   * Who declares the key: terraform, or null. Recorded, not enforced.
   */
  managedBy?: "terraform" | null;
  /**
   * Refuses revocation until it is switched off or overridden. Disabling always works.
   */
  deletionProtection?: boolean;
}
/**
 * The fields to change; absent ones stay. In force from the next verification on.
 */
export interface UpdatePolicy {
  /**
   * A name for people, unique within the project.
   */
  name?: string;
  /**
   * Notes for people.
   */
  description?: string | null;
  /**
   * Permissions the key holds; [] grants nothing. Special permissions such as device:priority are ordinary entries.
   *
   * @maxItems 100
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions?: string[];
  /**
   * AI models the key may use: null = all, [] = none.
   *
   * @maxItems 100
   */
  allowedModels?: string[] | null;
  /**
   * Addresses from which the key may be used: null = everywhere.
   *
   * @minItems 1
   * @maxItems 100
   */
  ipAllowlist?: string[] | null;
  /**
   * Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.
   */
  rateLimits?: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most. `requests` is charged 1 by every valid request, any other name what the request says in cost or reserve.
   */
  quotas?: {
    [k: string]: Quota;
  };
  /**
   * Keys end this long after they were created, whatever their own expiry says; null = unlimited.
   */
  maxLifetimeSeconds?: number | null;
}
/**
 * The fields to change; absent ones stay.
 */
export interface UpdateProject {
  /**
   * Unique name: lower-case letters, digits, dot, hyphen and underscore.
   */
  name?: string;
  /**
   * Notes for people.
   */
  description?: string | null;
  /**
   * First part of the secrets of this project. A change affects secrets issued from then on.
   */
  brand?: string;
  /**
   * False refuses every key of the project from the next request on.
   */
  enabled?: boolean;
  /**
   * Refuses deletion until it is switched off. Default true.
   */
  deletionProtection?: boolean;
  /**
   * Rate limits by name, 8 at most, for keys that set none of their own and have no policy that sets any.
   */
  defaultRateLimits?: {
    [k: string]: RateLimit;
  };
  /**
   * Quotas by name, 8 at most, for keys that set none of their own and have no policy that sets any.
   */
  defaultQuotas?: {
    [k: string]: Quota;
  };
  /**
   * Keys end this long after they were created, whatever their own expiry says; null = unlimited.
   */
  maxLifetimeSeconds?: number | null;
  /**
   * The AI models that exist, for forms. A key may name others: the answer warns. Empty = nothing is said about models.
   *
   * @maxItems 200
   *
   * Items: A model name, or a prefix and a final *. Case matters.
   */
  models?: string[];
  /**
   * The catalogue of special permissions, for forms.
   *
   * @maxItems 50
   */
  specialPermissions?: SpecialPermission[];
  /**
   * The ways in which Terraform may deliver secrets; null = all.
   *
   * @minItems 1
   */
  allowedDelivery?: ("sealed" | "handoff" | "state" | "none" | "own")[] | null;
  /**
   * What becomes of a reservation that is neither settled nor released in time. Default released.
   */
  reservationExpiry?: "released" | "charged";
}
/**
 * Usage of a key as a series. Written in the background: up to a second late, and what one second counted may be lost in a crash. Quotas never are.
 */
export interface Usage {
  /**
   * Id of the key.
   */
  keyId: string;
  /**
   * Length of a point.
   */
  resolution: "hour" | "day";
  /**
   * Start of the first hour or day.
   */
  from: string;
  /**
   * End, exclusive: the points begin before it.
   */
  to: string;
  /**
   * Oldest first; hours and days without usage are left out.
   */
  points: UsagePoint[];
}
/**
 * The usage of one hour or day.
 */
export interface UsagePoint {
  /**
   * Start of the hour or day.
   */
  at: string;
  /**
   * What was charged, by name. Of a reservation: what it ended with. At most 64 names of an hour.
   */
  charged: {
    [k: string]: number;
  };
  /**
   * Verifications by the code of their verdict.
   */
  verdicts: {
    [k: string]: number;
  };
}
/**
 * The answer of a verification. key is present from ip_required on and with valid; never when the secret was not accepted.
 */
export interface Verdict {
  /**
   * True exactly when code is valid.
   */
  valid: boolean;
  /**
   * The answer of the first check that decides.
   */
  code:
    | "valid"
    | "malformed"
    | "unknown"
    | "revoked"
    | "disabled"
    | "not_yet_valid"
    | "expired"
    | "ip_required"
    | "ip_not_allowed"
    | "missing_permission"
    | "model_required"
    | "model_not_allowed"
    | "rate_limited"
    | "quota_exhausted";
  key?: VerifiedKey;
  /**
   * With valid, for a key with quotas: what is left of each, by name, after this request; of two quotas of a name the smaller rest.
   */
  remaining?: {
    [k: string]: number;
  };
  /**
   * With valid and reserve: the reservation to settle or release.
   */
  reservationId?: string;
  /**
   * With rate_limited: the name of the limit.
   */
  rateLimit?: string;
  /**
   * With rate_limited: after this time the same request passes, if nothing else comes before; null = never, because it costs more than the limit.
   */
  retryAfterMs?: number | null;
  /**
   * With quota_exhausted: the name of the quota.
   */
  quota?: string;
  /**
   * With quota_exhausted: when the quota starts again; null = never.
   */
  resetsAt?: string | null;
  /**
   * With valid: how long the facts of the key may be remembered, counted from the sending of the request. 0 for a key with an address list, a rate limit or a quota.
   */
  leaseMs?: number;
}
/**
 * Facts of the key that was presented.
 */
export interface VerifiedKey {
  /**
   * Public id of the key.
   */
  id: string;
  /**
   * Name of the key.
   */
  name: string;
  /**
   * Whom the key is for.
   */
  owner: string | null;
  /**
   * Id of the project.
   */
  project: string;
  /**
   * Fixed at creation and kept by rotation; the kind part of the secret.
   */
  environment: "live" | "test";
  /**
   * Permissions of the key and of its policies.
   *
   * Items: A permission that the key holds, such as jobs:write or jobs:*.
   */
  permissions: string[];
  /**
   * AI models that all lists of the key and its policies allow: null = all, [] = none.
   */
  allowedModels: string[] | null;
  /**
   * The metadata of the key.
   */
  metadata: {
    [k: string]: string;
  };
  /**
   * When the key ends, by itself, its policies or its project; null = never.
   */
  expiresAt: string | null;
}
/**
 * The question: is this secret good for this request?
 */
export interface VerifyRequest {
  /**
   * The whole secret that was presented.
   */
  secret: string;
  /**
   * Permissions that the request needs; the key must hold every one.
   *
   * @maxItems 100
   *
   * Items: A permission, such as jobs:write. Lower case, parts joined by a colon.
   */
  permissions?: string[];
  /**
   * The model that the request uses; null = the request uses none. Left out, a key that is restricted to models is refused.
   */
  model?: string | null;
  /**
   * Address of the end user; null = not applicable. Left out, a key with an address list is refused.
   */
  ip?: string | null;
  /**
   * What the request costs, by name; a bare number means credits. Charged only when the verdict is valid: all of it or nothing. A name that the key has no limit for is counted and limits nothing.
   */
  cost?:
    | number
    | {
        /**
         * A whole amount from 0 to 2^53 - 1.
         */
        [k: string]: number;
      };
  /**
   * Amounts to hold until the real cost is known: settle or release the reservationId of the verdict. Not together with the same name in cost.
   */
  reserve?: {
    /**
     * A whole amount from 0 to 2^53 - 1.
     */
    [k: string]: number;
  };
  /**
   * How long the reservation holds. Default 300.
   */
  reserveSeconds?: number;
}
/**
 * Who is calling, and with which rights.
 */
export interface Whoami {
  /**
   * Id of the calling token.
   */
  id: string;
  /**
   * Its name.
   */
  name: string;
  /**
   * A management token, or a command on the machine itself.
   */
  kind: "token" | "local";
  /**
   * What it holds.
   */
  permissions: string[];
  /**
   * Id of the only project it may touch; null = all.
   */
  project: string | null;
  /**
   * Its expiry; null = never.
   */
  expiresAt: string | null;
}
/**
 * The query of keys.list.
 */
export interface ListKeys {
  /**
   * Items per page.
   */
  limit?: number;
  /**
   * The nextCursor of the page before; opaque.
   */
  cursor?: string;
  /**
   * Id or name of a project.
   */
  project?: string;
  /**
   * What a verification would find now, before addresses, permissions and models.
   */
  status?: "active" | "disabled" | "expired" | "revoked" | "not_yet_valid";
  /**
   * Fixed at creation and kept by rotation; the kind part of the secret.
   */
  environment?: "live" | "test";
  /**
   * Exact owner.
   */
  owner?: string;
  /**
   * Exact name.
   */
  name?: string;
  /**
   * Who declares the key.
   */
  managedBy?: "terraform";
}
/**
 * The query of keys.usage.
 */
export interface UsageQuery {
  /**
   * Start, inclusive; taken back to the start of its hour or day. Default: 24 hours or 30 days before to.
   */
  from?: string;
  /**
   * End, exclusive: the points that begin before it. Default: now.
   */
  to?: string;
  /**
   * Length of a point, by UTC. Hours are kept for 90 days. Default hour.
   */
  resolution?: "hour" | "day";
}
/**
 * The query of policies.list.
 */
export interface ListPolicies {
  /**
   * Items per page.
   */
  limit?: number;
  /**
   * The nextCursor of the page before; opaque.
   */
  cursor?: string;
  /**
   * Id or name of a project.
   */
  project?: string;
  /**
   * Exact name.
   */
  name?: string;
}
/**
 * The query of projects.list.
 */
export interface ListProjects {
  /**
   * Items per page.
   */
  limit?: number;
  /**
   * The nextCursor of the page before; opaque.
   */
  cursor?: string;
  /**
   * Exact name.
   */
  name?: string;
}
/**
 * The query of tokens.list.
 */
export interface ListTokens {
  /**
   * Items per page.
   */
  limit?: number;
  /**
   * The nextCursor of the page before; opaque.
   */
  cursor?: string;
}
/**
 * The query of auditEvents.list.
 */
export interface ListAuditEvents {
  /**
   * Items per page.
   */
  limit?: number;
  /**
   * The nextCursor of the page before; opaque.
   */
  cursor?: string;
  /**
   * Id or name of a project.
   */
  project?: string;
  /**
   * Id of the key, policy, token or project that was changed.
   */
  target?: string;
  /**
   * What was done.
   */
  action?:
    | "project.created"
    | "project.updated"
    | "project.deleted"
    | "key.created"
    | "key.imported"
    | "key.updated"
    | "key.disabled"
    | "key.enabled"
    | "key.rotated"
    | "key.overlap_set"
    | "key.revoked"
    | "key.quota_set"
    | "policy.created"
    | "policy.updated"
    | "policy.deleted"
    | "token.created"
    | "token.revoked";
}
