/** Workflows and executions, read and saved. The newest version of each definition is in memory. */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlRow } from '../../core/db/database.js';
import type { ExecutionView, WorkflowView } from '../../core/wire/workflows.js';
import { workflowArn } from '../actions/arn.js';
import { checkDefinition } from './check-definition.js';
import type { Definition } from './definition.js';
import { executionUnknown, workflowExists, workflowInvalid, workflowUnknown } from './errors.js';
import { type ExecutionRow, positionsOf, rowView } from './execution-rows.js';

export interface SavedWorkflow {
  readonly name: string;
  readonly version: number;
  readonly definition: Definition;
  readonly savedMs: number;
}

interface WorkflowRow extends SqlRow {
  name: string;
  version: number;
  definition: string;
  saved_ms: number;
}

interface EventRow extends SqlRow {
  n: number;
  time_ms: number;
  type: string;
  state: string;
  detail: string;
}

const maxHistory = 5_000;

export class WorkflowStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #newest = new Map<string, SavedWorkflow>();

  private constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  static async open(database: Database, clock: Clock): Promise<WorkflowStore> {
    const store = new WorkflowStore(database, clock);
    const rows = await database.all<WorkflowRow>('SELECT * FROM workflows ORDER BY name, version');
    for (const row of rows) store.#newest.set(row.name, savedOf(row));
    return store;
  }

  newest(name: string): SavedWorkflow | undefined {
    return this.#newest.get(name);
  }

  /** @throws WORKFLOW_INVALID with the path of every fault, WORKFLOW_EXISTS, DATABASE_* */
  async save(name: string, value: unknown, replace: boolean): Promise<SavedWorkflow> {
    const checked = checkDefinition(value);
    if (!checked.ok) throw workflowInvalid(checked.faults);
    const before = this.#newest.get(name);
    if (before !== undefined && !replace) throw workflowExists(name);
    const saved = {
      name,
      version: (before?.version ?? 0) + 1,
      definition: checked.definition,
      savedMs: this.#clock.now(),
    };
    await this.#database.run(
      'INSERT INTO workflows (name, version, definition, saved_ms) VALUES (?, ?, ?, ?)',
      [name, saved.version, JSON.stringify(value), saved.savedMs],
    );
    this.#newest.set(name, saved);
    return saved;
  }

  /** @throws WORKFLOW_UNKNOWN */
  async definitionOf(name: string, version: number): Promise<{ checked: Definition; written: unknown }> {
    const row = await this.#database.get<WorkflowRow>(
      'SELECT * FROM workflows WHERE name = ? AND version = ?',
      [name, version],
    );
    if (row === undefined) throw workflowUnknown(name);
    return { checked: savedOf(row).definition, written: JSON.parse(row.definition) as unknown };
  }

  async list(): Promise<WorkflowView[]> {
    const rows = await this.#database.all<{ workflow: string; count: number }>(
      `SELECT workflow, count(*) AS count FROM executions WHERE state = 'RUNNING' GROUP BY workflow`,
    );
    const running = new Map(rows.map((row) => [row.workflow, row.count]));
    return [...this.#newest.values()]
      .sort((a, b) => a.name.localeCompare(b.name))
      .map((saved) => viewOf(saved, running.get(saved.name) ?? 0));
  }

  /** With its definition. @throws WORKFLOW_UNKNOWN */
  async get(name: string): Promise<WorkflowView> {
    const view = (await this.list()).find((one) => one.name === name);
    if (view === undefined) throw workflowUnknown(name);
    return { ...view, definition: (await this.definitionOf(name, view.version)).written };
  }

  /** Newest first. @throws WORKFLOW_UNKNOWN */
  async executions(name: string, limit: number): Promise<ExecutionView[]> {
    if (!this.#newest.has(name)) throw workflowUnknown(name);
    const rows = await this.#database.all<ExecutionRow>(
      'SELECT * FROM executions WHERE workflow = ? ORDER BY n DESC LIMIT ?',
      [name, limit],
    );
    return Promise.all(rows.map(async (row) => rowView(row, await this.#positions(row))));
  }

  async execution(id: string): Promise<ExecutionRow | undefined> {
    return this.#database.get<ExecutionRow>('SELECT * FROM executions WHERE id = ?', [id]);
  }

  /** In full. @throws EXECUTION_UNKNOWN */
  async executionView(id: string): Promise<ExecutionView> {
    const row = await this.execution(id);
    if (row === undefined) throw executionUnknown(id);
    const events = await this.#database.all<EventRow>(
      `SELECT n, time_ms, type, state, detail FROM execution_events WHERE execution = ? ORDER BY n LIMIT ?`,
      [id, maxHistory],
    );
    return {
      ...rowView(row, await this.#positions(row)),
      input: JSON.parse(row.input) as unknown,
      output: row.output === null ? null : (JSON.parse(row.output) as unknown),
      definition: (await this.definitionOf(row.workflow, row.version)).written,
      history: events.map(({ n, time_ms, type, state, detail }) => ({
        n,
        time: new Date(time_ms).toISOString(),
        type,
        state,
        detail: JSON.parse(detail) as unknown,
      })),
    };
  }

  async #positions(row: ExecutionRow) {
    if (row.snapshot === null) return [];
    const { checked } = await this.definitionOf(row.workflow, row.version);
    return positionsOf(checked, JSON.parse(row.snapshot));
  }
}

function viewOf(saved: SavedWorkflow, running: number): WorkflowView {
  return {
    name: saved.name,
    arn: workflowArn(saved.name),
    comment: saved.definition.Comment ?? '',
    version: saved.version,
    updatedAt: new Date(saved.savedMs).toISOString(),
    running,
  };
}

/** What was saved was checked; a later release may read more, never less. */
function savedOf(row: WorkflowRow): SavedWorkflow {
  const checked = checkDefinition(JSON.parse(row.definition));
  if (!checked.ok) throw workflowInvalid(checked.faults);
  return { name: row.name, version: row.version, definition: checked.definition, savedMs: row.saved_ms };
}
