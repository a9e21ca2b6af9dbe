/**
 * Fleet provisioning: templates, the claim certificates that may use them, and certificates that wait
 * for their thing. Of an ownership token only its SHA-256 is kept, of a private key nothing.
 */
export const enrolmentSchema = `
CREATE TABLE provisioning_template (
  name       TEXT PRIMARY KEY,
  body       TEXT NOT NULL,
  enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE claim_certificate (
  id         TEXT PRIMARY KEY,
  template   TEXT NOT NULL REFERENCES provisioning_template (name),
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE pending_certificate (
  id           TEXT PRIMARY KEY,
  claim        TEXT NOT NULL,
  pem          TEXT NOT NULL,
  not_after_ms INTEGER NOT NULL,
  token_sha256 TEXT NOT NULL UNIQUE,
  expires_ms   INTEGER NOT NULL,
  thing        TEXT
) STRICT;
CREATE INDEX pending_certificate_claim ON pending_certificate (claim, expires_ms);
`;
