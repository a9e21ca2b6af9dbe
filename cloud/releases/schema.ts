/**
 * Published releases; the artifact is a file named by its digest, or lies at `url`: an address, or the
 * placeholder for one in a bucket.
 */
export const releaseSchema = `
CREATE TABLE release (
  version      TEXT PRIMARY KEY,
  size_bytes   INTEGER NOT NULL,
  sha256       TEXT NOT NULL,
  signature    TEXT NOT NULL,
  url          TEXT,
  published_ms INTEGER NOT NULL
) STRICT;
`;
