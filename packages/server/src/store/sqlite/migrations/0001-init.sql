-- 0001: projects, keys with their secrets, management tokens, audit chain, idempotency. First schema.

CREATE TABLE instance (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
  id                  TEXT PRIMARY KEY,
  name                TEXT NOT NULL,
  description         TEXT,
  brand               TEXT NOT NULL,
  enabled             INTEGER NOT NULL,
  deletion_protection INTEGER NOT NULL,
  created_at          INTEGER NOT NULL,
  updated_at          INTEGER NOT NULL,
  deleted_at          INTEGER,
  revision            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX projects_name ON projects (name) WHERE deleted_at IS NULL;
CREATE INDEX projects_page ON projects (created_at, id);

CREATE TABLE keys (
  id                       TEXT PRIMARY KEY,
  project_id               TEXT NOT NULL REFERENCES projects (id),
  name                     TEXT NOT NULL,
  owner                    TEXT,
  environment              TEXT NOT NULL CHECK (environment IN ('live', 'test')),
  description              TEXT,
  enabled                  INTEGER NOT NULL,
  permissions              TEXT NOT NULL,
  allowed_models           TEXT,
  ip_allowlist             TEXT,
  metadata                 TEXT NOT NULL,
  tags                     TEXT NOT NULL,
  not_before               INTEGER,
  expires_at               INTEGER,
  rotation_every_seconds   INTEGER,
  rotation_overlap_seconds INTEGER,
  rotation_due_at          INTEGER,
  managed_by               TEXT,
  deletion_protection      INTEGER NOT NULL,
  secret_version           INTEGER NOT NULL,
  revoked_at               INTEGER,
  revoked_by               TEXT,
  revoked_reason           TEXT,
  created_at               INTEGER NOT NULL,
  created_by               TEXT NOT NULL,
  updated_at               INTEGER NOT NULL,
  revision                 INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_page ON keys (created_at, id);
CREATE INDEX keys_project_page ON keys (project_id, created_at, id);
CREATE INDEX keys_rotation_due ON keys (rotation_due_at) WHERE rotation_due_at IS NOT NULL;

-- Two rows per key at most: the present secret and the one before it.
CREATE TABLE secrets (
  key_id       TEXT NOT NULL REFERENCES keys (id),
  version      INTEGER NOT NULL,
  hash_class   TEXT NOT NULL CHECK (hash_class IN ('hmac', 'argon2id')),
  digest       BLOB NOT NULL CHECK (length(digest) = 32),
  pepper_id    TEXT NOT NULL,
  minted_by    TEXT NOT NULL CHECK (minted_by IN ('server', 'client', 'import')),
  created_at   INTEGER NOT NULL,
  ends_at      INTEGER,
  last_used_at INTEGER,
  PRIMARY KEY (key_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id           TEXT PRIMARY KEY,
  name         TEXT NOT NULL,
  permissions  TEXT NOT NULL,
  project_id   TEXT REFERENCES projects (id),
  version      INTEGER NOT NULL,
  digest       BLOB NOT NULL CHECK (length(digest) = 32),
  pepper_id    TEXT NOT NULL,
  minted_by    TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  created_by   TEXT NOT NULL,
  expires_at   INTEGER,
  revoked_at   INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_page ON tokens (created_at, id);

CREATE TABLE idempotency (
  actor_id       TEXT NOT NULL,
  key            TEXT NOT NULL,
  fingerprint    TEXT NOT NULL,
  target_id      TEXT NOT NULL,
  secret_version INTEGER,
  created_at     INTEGER NOT NULL,
  PRIMARY KEY (actor_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE audit_events (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  action      TEXT NOT NULL,
  actor_kind  TEXT NOT NULL,
  actor_id    TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id   TEXT NOT NULL,
  project_id  TEXT,
  request_id  TEXT,
  details     TEXT NOT NULL,
  hash        BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_events_project ON audit_events (project_id, seq);
CREATE INDEX audit_events_target ON audit_events (target_id, seq);

-- The newest event, written with it: a cut tail of the log is seen.
CREATE TABLE audit_head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, zeroblob(32));

-- Key-check values: which peppers this database was used with.
CREATE TABLE pepper_checks (
  pepper_id TEXT PRIMARY KEY,
  check_value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
