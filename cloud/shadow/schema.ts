/**
 * Shadows: one row per thing and name, the classic one under ''. A deleted one keeps its row, and with
 * it its version, so that a late writer conflicts and versions never run backwards.
 */
export const shadowSchema = `
CREATE TABLE shadow (
  thing      TEXT NOT NULL,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL,
  deleted    INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  state      TEXT NOT NULL,
  metadata   TEXT NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (thing, name)
) STRICT, WITHOUT ROWID;
`;
