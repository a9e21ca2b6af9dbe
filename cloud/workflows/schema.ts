/**
 * Tables of workflows. A definition that was used once stays: executions name their version. `snapshot`
 * is where a running execution stands (snapshot.ts); null once it has ended.
 */
export const workflowSchema = `
  CREATE TABLE workflows (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    saved_ms INTEGER NOT NULL,
    PRIMARY KEY (name, version)
  );
  CREATE TABLE executions (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    thing TEXT,
    state TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    cause TEXT,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    snapshot TEXT
  );
  CREATE INDEX executions_by_workflow ON executions (workflow, n);
  CREATE INDEX executions_running ON executions (n) WHERE state = 'RUNNING';
  CREATE TABLE execution_events (
    execution TEXT NOT NULL,
    n INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (execution, n)
  ) WITHOUT ROWID;
  CREATE TABLE run_results (
    run_id TEXT PRIMARY KEY,
    result TEXT NOT NULL
  );
`;
