/**
 * The registry's tables, one schema step. A claim token's secret is kept as its SHA-256 only; a
 * certificate is named by the SHA-256 of its DER form. Times are milliseconds since the Unix epoch.
 */
export const registrySchema = `
CREATE TABLE thing (
  name       TEXT PRIMARY KEY,
  type       TEXT NOT NULL,
  enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_ms INTEGER NOT NULL,
  version    INTEGER NOT NULL
) STRICT;

CREATE TABLE certificate (
  id           TEXT PRIMARY KEY,
  thing        TEXT NOT NULL REFERENCES thing (name),
  status       TEXT NOT NULL CHECK (status IN ('ACTIVE', 'REVOKED')),
  not_after_ms INTEGER NOT NULL,
  created_ms   INTEGER NOT NULL,
  revoked_ms   INTEGER,
  pem          TEXT NOT NULL,
  version      INTEGER NOT NULL
) STRICT;
CREATE INDEX certificate_thing ON certificate (thing);

CREATE TABLE claim_token (
  secret_sha256     TEXT PRIMARY KEY,
  thing             TEXT NOT NULL REFERENCES thing (name),
  created_ms        INTEGER NOT NULL,
  expires_ms        INTEGER NOT NULL,
  used_ms           INTEGER,
  public_key_sha256 TEXT,
  certificate_id    TEXT REFERENCES certificate (id)
) STRICT;
CREATE INDEX claim_token_thing ON claim_token (thing);
`;

/**
 * The second step: whose a thing is, tags, boxes with a claim code, counters. What was there before
 * counts as claimed. A claim code is kept as its SHA-256 only.
 */
export const claimSchema = `
ALTER TABLE thing ADD COLUMN claim TEXT NOT NULL DEFAULT 'CLAIMED'
  CHECK (claim IN ('MANUFACTURED', 'CLAIM_INITIATED', 'CLAIMED', 'UNCLAIMED'));
ALTER TABLE thing ADD COLUMN claim_confirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE thing ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
ALTER TABLE thing ADD COLUMN box TEXT;
CREATE INDEX thing_box ON thing (box) WHERE box IS NOT NULL;

CREATE TABLE device_box (
  code_sha256 TEXT PRIMARY KEY,
  created_ms  INTEGER NOT NULL,
  used_ms     INTEGER,
  total       INTEGER NOT NULL
) STRICT;

CREATE TABLE thing_counter (
  thing   TEXT NOT NULL REFERENCES thing (name),
  name    TEXT NOT NULL,
  value   INTEGER NOT NULL,
  PRIMARY KEY (thing, name)
) STRICT, WITHOUT ROWID;
`;
