/**
 * Jobs and what became of them on each device. Rows of `job_execution` are in the order of creation,
 * which is the order in which a device gets its jobs; WAITING ones are not yet seen by the device.
 */
export const jobSchema = `
CREATE TABLE job (
  id          TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  document    TEXT NOT NULL,
  rollout     TEXT NOT NULL,
  abort       TEXT,
  timeout_min INTEGER,
  status      TEXT NOT NULL CHECK (status IN ('IN_PROGRESS', 'COMPLETED', 'CANCELED')),
  reason      TEXT,
  created_ms  INTEGER NOT NULL,
  ended_ms    INTEGER,
  version     INTEGER NOT NULL
) STRICT;
CREATE INDEX job_open ON job (created_ms) WHERE status = 'IN_PROGRESS';

CREATE TABLE job_execution (
  n                INTEGER PRIMARY KEY AUTOINCREMENT,
  job              TEXT NOT NULL REFERENCES job (id),
  thing            TEXT NOT NULL,
  status           TEXT NOT NULL,
  status_details   TEXT NOT NULL DEFAULT '{}',
  queued_ms        INTEGER,
  started_ms       INTEGER,
  updated_ms       INTEGER NOT NULL,
  deadline_ms      INTEGER,
  step_deadline_ms INTEGER,
  version          INTEGER NOT NULL DEFAULT 1,
  UNIQUE (job, thing)
) STRICT;
CREATE INDEX job_execution_pending ON job_execution (thing, n) WHERE status IN ('QUEUED', 'IN_PROGRESS');
CREATE INDEX job_execution_by_job ON job_execution (job, status);
CREATE INDEX job_execution_deadline ON job_execution (deadline_ms) WHERE status = 'IN_PROGRESS';
CREATE INDEX job_execution_step ON job_execution (step_deadline_ms) WHERE status = 'IN_PROGRESS';
`;

/** How long presigned URLs in its document are valid once a device has it. */
export const jobUrlSeconds = 'ALTER TABLE job ADD COLUMN url_seconds INTEGER NOT NULL DEFAULT 3600;';
