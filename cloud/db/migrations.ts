/**
 * All tables of the cloud, in steps. Times are milliseconds since the Unix epoch; JSON is text.
 * A shipped step is never edited: a change is a new step.
 */
import type { Migrations } from '../../core/db/database.js';
import { alarmSchema } from '../alarms/schema.js';
import { enrolmentSchema } from '../enrolment/schema.js';
import { jobSchema, jobUrlSeconds } from '../jobs/schema.js';
import { presenceSchema } from '../presence.js';
import { claimSchema, registrySchema } from '../registry/schema.js';
import { releaseSchema } from '../releases/schema.js';
import { shadowSchema } from '../shadow/schema.js';
import { telemetryRollups } from '../telemetry/schema.js';
import { workflowSchema } from '../workflows/schema.js';

/** What the cloud learns and keeps about a thing besides its identity, which the registry holds. */
const thingStates = `
  CREATE TABLE thing_state (
    thing TEXT PRIMARY KEY,
    clicks INTEGER NOT NULL DEFAULT 0,
    on_click_callback TEXT,
    last_seen_ms INTEGER,
    status TEXT
  );
`;

const clicksAndRuns = `
  CREATE TABLE clicks (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    thing TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    button TEXT NOT NULL,
    click_type TEXT NOT NULL,
    device_time_ms INTEGER NOT NULL,
    clock_synced INTEGER,
    received_ms INTEGER NOT NULL,
    remaining_life REAL,
    UNIQUE (thing, id)
  );
  CREATE INDEX clicks_by_thing ON clicks (thing, received_ms, n);
  CREATE TABLE runs (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    thing TEXT NOT NULL,
    click_id TEXT NOT NULL,
    function_name TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    event TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER,
    started_ms INTEGER,
    ended_ms INTEGER,
    duration_ms REAL,
    error TEXT
  );
  CREATE INDEX runs_by_thing ON runs (thing, n);
  CREATE INDEX runs_open ON runs (n) WHERE state IN ('PENDING', 'RUNNING');
  CREATE TABLE run_logs (
    run_id TEXT PRIMARY KEY,
    log TEXT NOT NULL
  );
`;

/** In the shapes of AWS IoT 1-Click: template, attributes and tags are the JSON of its wire format. */
const projects = `
  CREATE TABLE projects (
    name TEXT PRIMARY KEY,
    description TEXT NOT NULL DEFAULT '',
    placement_template TEXT NOT NULL DEFAULT '{}',
    tags TEXT NOT NULL DEFAULT '{}',
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
  );
  CREATE TABLE placements (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{}',
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (project, name)
  );
  CREATE TABLE placement_devices (
    project TEXT NOT NULL,
    placement TEXT NOT NULL,
    template TEXT NOT NULL,
    device TEXT NOT NULL UNIQUE,
    PRIMARY KEY (project, placement, template)
  );
`;

/** `message` is 48 bits of the message id's digest: a message sent twice hits the same key. */
const telemetry = `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    thing TEXT NOT NULL,
    series TEXT NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (thing, series)
  );
  CREATE TABLE readings (
    series_id INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    message INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series_id, time_ms, message)
  ) WITHOUT ROWID;
`;

const backupsAndSettings = `
  CREATE TABLE backup_reports (
    job TEXT NOT NULL,
    run_id TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (job, run_id)
  );
  CREATE INDEX backup_reports_by_time ON backup_reports (job, started_ms);
  CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  );
`;

/** A run may have any cause, and need not be about a thing. SQLite takes NOT NULL off by a new table only. */
const runsOfAnyCause = `
  CREATE TABLE runs_of_any_cause (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    source_kind TEXT NOT NULL,
    source_id TEXT NOT NULL,
    thing TEXT,
    function_name TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    event TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER,
    started_ms INTEGER,
    ended_ms INTEGER,
    duration_ms REAL,
    error TEXT
  );
  INSERT INTO runs_of_any_cause
    SELECT n, id, 'click', click_id, thing, function_name, state, attempt, failures, event, created_ms, due_ms,
      started_ms, ended_ms, duration_ms, error FROM runs;
  DROP TABLE runs;
  ALTER TABLE runs_of_any_cause RENAME TO runs;
  CREATE INDEX runs_by_thing ON runs (thing, n);
  CREATE INDEX runs_open ON runs (n) WHERE state IN ('PENDING', 'RUNNING');
`;

/** Runs that failed for good wait in the dead-letter list, until somebody replays or discards them. */
const deadLetters = `
  ALTER TABLE runs ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN discarded_ms INTEGER;
  CREATE INDEX runs_dead ON runs (n)
    WHERE state = 'FAILED' AND discarded_ms IS NULL AND source_kind <> 'workflow';
`;

/** What 1-Click keeps about devices and projects; versions for conditional writes; who sat where. */
const oneClick = `
  ALTER TABLE thing_state ADD COLUMN clicks_before_battery INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE thing_state ADD COLUMN health_callback TEXT;
  ALTER TABLE thing_state ADD COLUMN health_threshold REAL;
  ALTER TABLE thing_state ADD COLUMN health_raised INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE projects ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE placements ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
  CREATE TABLE placement_history (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    placement TEXT NOT NULL,
    template TEXT NOT NULL,
    device TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER
  );
  CREATE INDEX placement_history_by_place ON placement_history (project, placement, n);
  CREATE INDEX placement_history_open ON placement_history (device) WHERE to_ms IS NULL;
  INSERT INTO placement_history (project, placement, template, device, from_ms)
    SELECT project, placement, template, device, 0 FROM placement_devices;
  CREATE TABLE access_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    policy TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  );
`;

/** What is old is found by when it came or ended, without a look at all that is not. */
const byAge = `
  CREATE INDEX clicks_by_time ON clicks (received_ms);
  CREATE INDEX runs_by_end ON runs (ended_ms) WHERE ended_ms IS NOT NULL;
  CREATE INDEX executions_by_end ON executions (ended_ms) WHERE ended_ms IS NOT NULL;
`;

export const cloudMigrations: Migrations = [
  [registrySchema, thingStates, clicksAndRuns, projects, telemetry, backupsAndSettings].join('\n'),
  runsOfAnyCause,
  shadowSchema,
  telemetryRollups,
  jobSchema,
  deadLetters,
  claimSchema + oneClick,
  workflowSchema,
  alarmSchema,
  releaseSchema,
  [enrolmentSchema, presenceSchema].join('\n'),
  byAge,
  jobUrlSeconds,
];
