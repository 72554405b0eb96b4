-- 0003: limits: rate limits, quotas with their counters, reservations, policies, usage, bounds of projects; last uses in
-- a table of their own. Breaks a service of an older version: secrets.last_used_at is gone.

ALTER TABLE keys ADD COLUMN rate_limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE keys ADD COLUMN quotas TEXT NOT NULL DEFAULT '{}';
ALTER TABLE keys ADD COLUMN policy_ids TEXT NOT NULL DEFAULT '[]';

ALTER TABLE projects ADD COLUMN default_rate_limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE projects ADD COLUMN default_quotas TEXT NOT NULL DEFAULT '{}';
ALTER TABLE projects ADD COLUMN max_lifetime_seconds INTEGER;
ALTER TABLE projects ADD COLUMN models TEXT NOT NULL DEFAULT '[]';
ALTER TABLE projects ADD COLUMN special_permissions TEXT NOT NULL
  DEFAULT '[{"name":"device:priority","label":"Priority over my device"}]';
ALTER TABLE projects ADD COLUMN allowed_delivery TEXT;
ALTER TABLE projects ADD COLUMN reservation_expiry TEXT NOT NULL DEFAULT 'released'
  CHECK (reservation_expiry IN ('released', 'charged'));

CREATE TABLE policies (
  id                   TEXT PRIMARY KEY,
  project_id           TEXT NOT NULL REFERENCES projects (id),
  name                 TEXT NOT NULL,
  description          TEXT,
  permissions          TEXT NOT NULL,
  allowed_models       TEXT,
  ip_allowlist         TEXT,
  rate_limits          TEXT NOT NULL,
  quotas               TEXT NOT NULL,
  max_lifetime_seconds INTEGER,
  created_at           INTEGER NOT NULL,
  created_by           TEXT NOT NULL,
  updated_at           INTEGER NOT NULL,
  -- The record stays for the revoked keys that had it.
  deleted_at           INTEGER,
  revision             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX policies_name ON policies (project_id, name) WHERE deleted_at IS NULL;
CREATE INDEX policies_page ON policies (created_at, id);
CREATE INDEX policies_project_page ON policies (project_id, created_at, id);

-- keys.policy_ids the other way round: which keys a policy has.
CREATE TABLE key_policies (
  policy_id TEXT NOT NULL REFERENCES policies (id),
  key_id    TEXT NOT NULL REFERENCES keys (id),
  PRIMARY KEY (policy_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_policies_key ON key_policies (key_id);

-- What a key used of one quota, made by its first charge. source_id = the key, policy or project that sets the quota.
-- generation rises when an administrator sets the count, resets when a new period begins: a reservation of an older one
-- no longer moves it.
CREATE TABLE quota_counters (
  key_id       TEXT NOT NULL REFERENCES keys (id),
  source_id    TEXT NOT NULL,
  name         TEXT NOT NULL,
  -- Not with IN, which SQLite puts into a table of its own for each charge.
  period       TEXT NOT NULL
    CHECK (period = 'none' OR period = 'day' OR period = 'week' OR period = 'month'),
  period_start INTEGER NOT NULL,
  generation   INTEGER NOT NULL,
  resets       INTEGER NOT NULL,
  used         INTEGER NOT NULL CHECK (used >= 0),
  reserved     INTEGER NOT NULL CHECK (reserved >= 0),
  PRIMARY KEY (key_id, source_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
  id         TEXT PRIMARY KEY,
  key_id     TEXT NOT NULL REFERENCES keys (id),
  project_id TEXT NOT NULL,
  -- JSON: the amounts by name, and what each counter holds of them.
  items      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  on_expiry  TEXT NOT NULL CHECK (on_expiry IN ('released', 'charged')),
  ended_at   INTEGER,
  -- JSON: the answer to whoever ends it, again and again.
  answer     TEXT CHECK ((answer IS NULL) = (ended_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_open ON reservations (expires_at) WHERE ended_at IS NULL;
CREATE INDEX reservations_open_key ON reservations (key_id, expires_at) WHERE ended_at IS NULL;
-- Not WHERE ended_at IS NOT NULL: SQLite plans anew, for each value, what could use such an index.
CREATE INDEX reservations_ended ON reservations (ended_at);

-- Verifications that charged and came with an idempotency key: repeated within 60 seconds they charge once.
CREATE TABLE charge_requests (
  actor_id    TEXT NOT NULL,
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  answer      TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (actor_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX charge_requests_age ON charge_requests (created_at);

-- Times of last use, written once a second for all keys in use: 100 of them lie in one page, of secrets a dozen did.
CREATE TABLE last_uses (
  key_id  TEXT NOT NULL,
  version INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, version)
) STRICT, WITHOUT ROWID;
INSERT INTO last_uses (key_id, version, used_at)
  SELECT key_id, version, last_used_at FROM secrets WHERE last_used_at IS NOT NULL;
ALTER TABLE secrets DROP COLUMN last_used_at;

CREATE TABLE usage (
  key_id     TEXT NOT NULL,
  resolution TEXT NOT NULL CHECK (resolution IN ('hour', 'day')),
  start      INTEGER NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('charged', 'verdict')),
  name       TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  PRIMARY KEY (key_id, resolution, start, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_hours ON usage (start) WHERE resolution = 'hour';
